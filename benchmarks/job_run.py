"""A workload scored by a batch endpoint of a local stack."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from benchmarks.cpu import CpuTimes
from benchmarks.stack import COMPUTE, bml
from benchmarks.workload import Workload
from cli.api.workspace import Workspace
from cli.invocation.request import ScoringUri
from cli.uploads.datastore import datastore_container, upload_to_datastore
from cli.uploads.local_files import local_files
from local import stack

_SHORTEST_POLL = 0.5
_POLLS_SHARE = 0.05
"""Of the time so far: asking costs the host and Azurite as much as a file does."""
_ENDED = {"Completed", "Failed", "Canceled"}


@dataclass(frozen=True)
class JobFigures:
    """What a job took."""

    seconds: float
    """From the invocation until the job was `Completed`, by its own record."""
    phases: Mapping[str, float]
    """Seconds in each state, by the job's own record."""
    tasks: int
    cpu: Mapping[str, float]
    """CPU seconds by role."""
    others: float
    """CPU seconds of everything else on the machine meanwhile, this benchmark included."""
    output: bytes

    @property
    def scoring_seconds(self) -> float:
        """Seconds from the last task's way onto the queue to the last result.

        `Queued` is counted in, as the application sees a node at work only when it looks the next time.
        """
        return sum(self.phases.get(state, 0.0) for state in ("Queued", "Preparing", "Running"))


@dataclass(frozen=True)
class BatchEndpoint:
    """A workload deployed to an endpoint of its own."""

    workspace: Workspace
    data_dir: Path
    workload: Workload

    def deploy(self) -> None:
        """Create the endpoint with `bml`."""
        file = self.workload.folder / "endpoint.yml"
        file.write_text(yaml.safe_dump(self._description()))
        bml(self.data_dir, "endpoint", "create", "--type", "batch", "--file", str(file))

    def score(self, folder: Path) -> JobFigures:
        """Upload `folder` and run one job on it; raises RuntimeError when it does not complete."""
        uri = ScoringUri.of(self.workspace, self.workload.name)
        uploaded = upload_to_datastore(self.workspace, local_files(folder))
        request = {"dataset": {"dataInputType": "DataUrl", "path": uploaded.uri}}
        before, began = CpuTimes.read(stack.status(self.data_dir)), datetime.now(UTC)
        job = self._wait(str(uri.start(request)["name"]))
        after = CpuTimes.read(stack.status(self.data_dir))
        properties = job["properties"]
        if properties["status"] != "Completed":
            raise RuntimeError(f"the job {job['name']} {properties['status']}: {properties.get('error')}")
        statistics = properties["statistics"]
        return JobFigures(
            seconds=(datetime.fromisoformat(properties["endTime"]) - began).total_seconds(),
            phases=statistics["seconds"],
            tasks=statistics["tasks"],
            cpu=after.since(before),
            others=after.others_since(before),
            output=self._output(job),
        )

    def _wait(self, job: str) -> dict[str, Any]:
        began = time.monotonic()
        while True:
            found = self.workspace.get(f"jobs/{job}")
            if found["properties"]["status"] in _ENDED:
                return found
            time.sleep(max(_SHORTEST_POLL, _POLLS_SHARE * (time.monotonic() - began)))

    def _output(self, job: dict[str, Any]) -> bytes:
        """The output file, at the default place."""
        path = f"azureml/{job['properties']['properties']['azureml.childrunid']}/score/predictions.csv"
        container = datastore_container(self.workspace, "workspaceblobstore")
        return container.client.download_blob(path).readall()

    def _description(self) -> dict[str, Any]:
        workload = self.workload
        deployment = {
            "name": "measured",
            "model": {"name": workload.name, "version": 1, "local_path": str(workload.model)},
            "compute": {"target": f"azureml:{COMPUTE}", "instance_count": 1},
            "mini_batch_size": workload.mini_batch_size,
            "max_concurrency_per_instance": workload.processes,
            "environment_variables": {"OMP_NUM_THREADS": "1"},
        }
        if not workload.is_mlflow:
            deployment["code_configuration"] = {
                "code": {"local_path": str(workload.code)},
                "scoring_script": "score.py",
            }
            deployment["environment"] = {"name": "none", "version": 1, "image": "python:3"}
        traffic = {"measured": 100}
        return {"name": workload.name, "auth_mode": "aad_token", "traffic": traffic, "deployments": [deployment]}
