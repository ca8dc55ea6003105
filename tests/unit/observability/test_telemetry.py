"""What a process tells arrives: in files, at a collector, at Application Insights; and nothing waits for it."""

import json
import logging
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.trace import SpanKind

from shared.observability import names, telemetry
from shared.observability.exporters import exporters
from shared.observability.files import KEPT_PROCESSES, TelemetryFile, folder_of
from shared.observability.telemetry import OUR_LOGGERS, start_telemetry
from shared.observability.tracing import NO_TELEMETRY, current, span
from shared.settings import TelemetrySettings
from tests.unit.observability.collector import receiver

pytestmark = pytest.mark.unit

INSIGHTS = "APPLICATIONINSIGHTS_CONNECTION_STRING"
COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"
FOLDER = "BATCH_TELEMETRY_FOLDER"


def tell(settings: TelemetrySettings, *, alone: bool = False) -> None:
    """The telemetry of a short process: a step with a child, a log record in it, two measurements.

    Returns when everything is exported, however long a busy machine takes for it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telemetry, "LAST_EXPORT_SECONDS", 60.0)
        running = start_telemetry(settings, names.APP_SERVICE, "app", {}, alone=alone)
        try:
            with span(names.INVOKE, {}, {names.JOB: "nightly"}, SpanKind.SERVER), span(names.PLAN, {}, {}):
                logging.getLogger("shared.jobs").warning("three files")
            current().instruments.jobs_ended.add(1, {"status": "Completed"})
            current().instruments.tickets.note("cpu", 2, {"compute": "cpu"})
        finally:
            running.close()


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "app" / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("environment", "places"),
    [
        ({}, []),
        ({FOLDER: "x"}, ["SpanFile"]),
        ({FOLDER: "x", COLLECTOR: "http://127.0.0.1:1"}, ["LateSpans"]),
        ({FOLDER: "x", INSIGHTS: "InstrumentationKey=0"}, ["LateSpans"]),
        ({INSIGHTS: "InstrumentationKey=0", COLLECTOR: "http://127.0.0.1:1"}, ["LateSpans", "LateSpans"]),
        ({FOLDER: "x", COLLECTOR: "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}, []),
    ],
)
def test_the_settings_say_where_telemetry_goes(
    environment: dict[str, str], places: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = TelemetrySettings.from_environment(environment)
    assert [type(place.spans).__name__ for place in exporters(settings, "app")] == places
    assert settings.is_on == bool(places)
    assert "InstrumentationKey" not in repr(settings)


def test_files_hold_spans_measurements_and_log_records_of_one_job_by_its_ids(tmp_path: Path) -> None:
    tell(TelemetrySettings(folder=str(tmp_path)))
    plan, invoke = lines(tmp_path, "traces.jsonl")
    assert (invoke["name"], invoke["kind"], invoke["service"]) == ("invoke", "server", "batch-endpoints-app")
    assert (invoke[names.JOB], invoke["failed"], plan["name"]) == ("nightly", False, "plan")
    (record,) = lines(tmp_path, "logs.jsonl")
    assert (record["message"], record["level"], record[names.JOB]) == ("three files", "WARNING", "nightly")
    assert (record["trace_id"], record["span_id"]) == (plan["trace_id"], plan["span_id"])
    values = {line["name"]: line["value"] for line in lines(tmp_path, "metrics.jsonl")}
    assert values == {names.JOBS_ENDED: 1, names.TICKETS: 2}


def test_the_sampler_of_the_environment_decides_for_whole_traces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0")
    tell(TelemetrySettings(folder=str(tmp_path)))
    assert not (tmp_path / "app" / "traces.jsonl").exists()
    assert len(lines(tmp_path, "metrics.jsonl")) == 2, "metrics count everything"


def test_a_collector_gets_the_same_by_otlp(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as collector:
        monkeypatch.setenv(COLLECTOR, collector.address)
        tell(TelemetrySettings(has_collector=True))
    assert sorted(step.name for step in collector.spans()) == ["invoke", "plan"]
    plan = next(step for step in collector.spans() if step.name == "plan")
    (record,) = collector.logs()
    assert (record.body.string_value, record.span_id) == ("three files", plan.span_id)
    assert {names.JOB: "nightly"}.items() <= {one.key: one.value.string_value for one in record.attributes}.items()
    assert sorted(metric.name for metric in collector.metrics()) == [names.JOBS_ENDED, names.TICKETS]


def test_application_insights_gets_the_same_and_the_platform_no_second_copy(caplog: pytest.LogCaptureFixture) -> None:
    with receiver() as insights:
        key = "InstrumentationKey=00000000-0000-0000-0000-000000000001"
        tell(TelemetrySettings(insights=f"{key};IngestionEndpoint={insights.address}/"), alone=True)
    found = {item["data"]["baseType"]: item for item in insights.envelopes()}
    assert found.keys() == {"RequestData", "RemoteDependencyData", "MessageData", "MetricData"}
    assert found["RequestData"]["data"]["baseData"]["properties"] == {names.JOB: "nightly"}
    assert found["RequestData"]["tags"]["ai.cloud.role"] == "batch-endpoints-app"
    message, plan = found["MessageData"], found["RemoteDependencyData"]
    assert message["data"]["baseData"]["properties"][names.JOB] == "nightly"
    assert message["tags"]["ai.operation.id"] == plan["tags"]["ai.operation.id"]
    assert "three files" not in caplog.text
    assert all(logging.getLogger(name).propagate for name in OUR_LOGGERS)


@pytest.mark.timeout(9)  # the services' clients would wait for longer
@pytest.mark.parametrize("insights", [False, True])
def test_nothing_waits_for_a_service_that_does_not_answer(insights: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "LAST_EXPORT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv(COLLECTOR, address)
        key = f"InstrumentationKey=00000000-0000-0000-0000-000000000001;IngestionEndpoint={address}/"
        settings = TelemetrySettings(insights=key) if insights else TelemetrySettings(has_collector=True)
        running = start_telemetry(settings, names.NODE_SERVICE, "n1", {})
        for _ in range(3_000):  # more than the queue holds
            with span(names.TASK, {}, {}):
                pass
        running.close()
    assert current() is NO_TELEMETRY


def test_wrong_settings_are_logged_once_and_stop_nothing(caplog: pytest.LogCaptureFixture) -> None:
    running = start_telemetry(TelemetrySettings(insights="garbage"), names.APP_SERVICE, "app", {})
    with span(names.INVOKE, {}, {}):
        pass
    running.close()
    assert "no telemetry goes to Application Insights" in caplog.text


def test_a_process_without_telemetry_does_not_load_the_sdk() -> None:
    source = (
        "import sys; from shared.observability.telemetry import start_telemetry; "
        "from shared.settings import TelemetrySettings; "
        "start_telemetry(TelemetrySettings(), 's', 'p', {}).close(); "
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
    )
    assert subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_end_of_logging_sends_the_remaining_records(tmp_path: Path) -> None:
    """As it does in a host that ends without Python's own hooks."""
    source = (
        "import logging, os, sys; from shared.observability.telemetry import start_telemetry; "
        "from shared.settings import TelemetrySettings; "
        "start_telemetry(TelemetrySettings(folder=sys.argv[1]), 's', 'app', {}); "
        "logging.getLogger('shared').error('the last word'); logging.shutdown(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", source, str(tmp_path)], check=True)
    assert [line["message"] for line in lines(tmp_path, "logs.jsonl")] == ["the last word"]


def test_a_file_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.observability.files.LARGEST_FILE", 100)
    file = TelemetryFile(tmp_path / "traces.jsonl")
    for number in range(40):
        file.append(f'{{"number": {number}}}\n')
    file.close()
    kept = sorted(tmp_path.iterdir(), reverse=True)
    assert [path.name for path in kept] == ["traces.jsonl.1", "traces.jsonl"]
    assert all(path.stat().st_size <= 100 for path in kept)
    last = [json.loads(line)["number"] for path in kept for line in path.read_text().splitlines()]
    assert last == list(range(last[0], 40))


def test_folders_of_processes_that_went_long_ago_are_removed(tmp_path: Path) -> None:
    for number in range(KEPT_PROCESSES + 5):
        folder_of(tmp_path, f"node-{number:03}").joinpath("traces.jsonl").write_text("")
    assert len(list(tmp_path.iterdir())) == KEPT_PROCESSES
    assert (tmp_path / f"node-{KEPT_PROCESSES + 4:03}").is_dir()
