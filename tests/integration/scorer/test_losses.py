"""Processes and nodes that die, hang or leave in the middle of a job."""

import signal
import socket

import psutil
import pytest
from azure.core.exceptions import ResourceNotFoundError

from local.azurite.endpoints import AzuriteEndpoints
from shared.contracts.job_spec import EnvironmentSpec
from shared.contracts.messages import TaskMessage
from shared.contracts.names import task_queue, ticket_queue
from shared.contracts.progress import NodeState
from shared.storage.blobs import JOBS_CONTAINER, columns_name
from shared.storage.queues import message_count, queue_client, send, send_all
from shared.storage.rows import RowTable
from tests.integration.scorer.cuttable import CuttableService
from tests.integration.scorer.played_app import wait_until

pytestmark = pytest.mark.integration

SLOW = """
import os, time

def run(mini_batch):
    time.sleep(0.1)
    return [os.path.basename(f) for f in mini_batch]
"""

FRAMES = """
import os, time
import pandas

def run(mini_batch):
    time.sleep(0.05)
    names = [os.path.basename(f) for f in mini_batch]
    return pandas.DataFrame({"the,name": names, "length": [len(name) for name in names]})
"""

SHORT_LEASE = {"BATCH_NODE_LEASE_SECONDS": "4"}
"""The loss of such a node is noticed within a test."""

HANGS = """
import os, time

def run(mini_batch):
    print("pid", os.getpid(), flush=True)
    time.sleep(300)
"""


def files(count: int) -> dict[str, str]:
    return {f"{n:03}.txt": "" for n in range(count)}


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pid_of_script(job) -> int:
    """The process that HANGS runs in, once it has said so."""

    def whole_line() -> str:
        log = job.log("user/stdout/node-0/process000.stdout.txt")
        return log if log.endswith("\n") else ""

    return int(wait_until(whole_line, "the script runs").split()[1])


def test_another_node_takes_over_from_a_killed_one_and_no_row_is_lost_or_doubled(app):
    first = app.start_node(**SHORT_LEASE)
    job = app.job(files(60), script=SLOW, mini_batches_per_task=3, max_concurrency_per_instance=2)
    wait_until(lambda: job.ledger().finished >= 3, "the first node works")
    first.kill()
    app.start_node(**SHORT_LEASE)
    assert job.lines() == list(files(60))
    wait_until(lambda: app.tickets_left() == 0, "the ticket is deleted")


def test_two_nodes_share_a_job_and_a_third_ticket_holder_of_the_same_number_is_turned_away(app):
    for _ in range(2):
        app.start_node()
    job = app.job(files(40), script=SLOW, tickets=2, mini_batches_per_task=2)
    wait_until(lambda: len({n.ticket for n in app.node_rows() if n.state is NodeState.RUNNING}) == 2, "both nodes work")
    app.start_node()
    app.send_ticket(job.id, number=0)
    assert job.lines() == list(files(40))
    wait_until(lambda: app.tickets_left() == 0, "no ticket is left")
    assert "begins" not in app.node_log(2)


def test_sigterm_returns_ticket_and_tasks_at_once(app):
    first = app.start_node(BATCH_NODE_LEASE_SECONDS="600")
    job = app.job(files(40), script=SLOW, mini_batches_per_task=4, max_concurrency_per_instance=2)
    wait_until(lambda: job.ledger().finished >= 1, "the first node works")
    first.send_signal(signal.SIGTERM)
    assert first.wait(20) == 0
    assert app.node_rows() == []
    app.start_node()
    assert job.lines() == list(files(40))


def test_a_node_ends_with_the_one_who_started_it(app):
    node = app.start_node()
    wait_until(app.node_rows, "the node is there")
    node.stdin.close()
    assert node.wait(20) == 0


def test_a_node_told_to_leave_gives_its_ticket_back_and_ends(app):
    node = app.start_node()
    (row,) = wait_until(lambda: list(nodes(app).partition(app.compute)), "the node is there")
    leaving = row.document.model_copy(update={"state": NodeState.LEAVING})
    wait_until(lambda: replaced(app, leaving), "the row says leaving")
    job = app.job({"a.txt": ""}, script=SLOW)
    assert node.wait(20) == 0
    assert "begins" not in app.node_log()
    app.start_node()
    assert job.lines() == ["a.txt"]


def nodes(app):
    from shared.contracts.progress import NodeRow

    return RowTable(app.account.tables, "nodes", NodeRow)


def replaced(app, document) -> bool:
    nodes(app).put(app.compute, document.node_id, document)
    return True


def test_the_deletion_of_the_task_queue_stops_a_hanging_script(app):
    app.start_node()
    job = app.job(files(2), script=HANGS, timeout_seconds=600)
    pid = pid_of_script(job)
    assert alive(pid)
    job.end()
    wait_until(lambda: not alive(pid), "the scoring process is ended")
    wait_until(lambda: app.node_rows()[0].state is NodeState.IDLE, "the node is idle")
    assert app.tickets_left() == 0


def test_the_build_of_an_environment_ends_with_its_job(app):
    node = app.start_node()
    with socket.create_server(("127.0.0.1", 0)) as silent_index:
        options = f"--index-url http://127.0.0.1:{silent_index.getsockname()[1]}/simple"
        conda_file = f"dependencies: [{{pip: ['{options}', nothing-like-it==1.0]}}]"
        job = app.job(files(1), script=SLOW, environment=EnvironmentSpec(name="e", version="1", conda_file=conda_file))
        silent_index.settimeout(60)
        connection, _ = silent_index.accept()
        builders = psutil.Process(node.pid).children(recursive=True)
        assert [builder.name() for builder in builders] == ["uv"]
        job.end()
        wait_until(lambda: app.node_rows()[0].state is NodeState.IDLE, "the node is idle")
        wait_until(lambda: not alive(builders[0].pid), "the build is ended")
        connection.close()


def test_scoring_processes_end_with_their_node(app):
    node = app.start_node()
    job = app.job(files(2), script=HANGS, timeout_seconds=600)
    pid = pid_of_script(job)
    node.kill()
    wait_until(lambda: not alive(pid), "the scoring process is ended")
    job.end()


def test_a_task_that_kills_its_nodes_fails_with_its_reason_and_its_neighbours_do_not(app):
    script = """
import os, signal, time

def run(mini_batch):
    if mini_batch[0].endswith("002.txt"):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    time.sleep(0.2)
    return [os.path.basename(f) for f in mini_batch]
"""
    job = app.job(files(5), script=script, max_concurrency_per_instance=2)
    queue = queue_client(app.account.queues, task_queue(job.id))
    queue.clear_messages()
    lost_before = (TaskMessage(task=task, first_mini_batch=task, mini_batches=1, starts=3) for task in range(5))
    send_all(queue, lost_before)
    first = app.start_node(**SHORT_LEASE)
    assert first.wait(60) == -signal.SIGKILL
    app.start_node(**SHORT_LEASE)
    ledger = job.wait()
    assert (ledger.succeeded, ledger.failed) == (4, 1)
    (error,) = job.errors()
    assert (error["file"], error["error_type"]) == ("002.txt", "NodeLost")
    assert error["message"] == "at least 4 nodes were lost while they scored task 2; it is not tried again"
    job.end()


def test_a_task_that_a_leaving_node_gives_back_has_cost_no_node(app):
    job = app.job(files(1), script=HANGS, timeout_seconds=600)
    queue = queue_client(app.account.queues, task_queue(job.id))
    queue.update_message(queue.receive_message(), visibility_timeout=0)
    node = app.start_node()
    pid_of_script(job)
    node.send_signal(signal.SIGTERM)
    assert node.wait(20) == 0
    (message,) = queue.peek_messages()
    assert TaskMessage.model_validate_json(message.content).starts == 0
    job.end()


def test_a_second_delivery_of_a_finished_task_changes_nothing(app):
    app.start_node()
    job = app.job(files(3), script=SLOW)
    job.wait()
    send(app.account.queues, task_queue(job.id), TaskMessage(task=1, first_mini_batch=1, mini_batches=1, generation=1))
    queue = queue_client(app.account.queues, task_queue(job.id))
    wait_until(lambda: queue.get_queue_properties().approximate_message_count == 0, "the second delivery is done")
    assert job.finish().decode().splitlines() == list(files(3))


def test_what_storage_loses_of_a_job_is_scored_again_and_its_header_comes_back(app):
    app.start_node()
    job = app.job(files(30), script=FRAMES)
    queue = queue_client(app.account.queues, task_queue(job.id))
    wait_until(lambda: job.ledger().finished >= 3, "the first rows are staged")
    app.account.blobs.get_blob_client(JOBS_CONTAINER, columns_name(job.id)).delete_blob()
    job.output_blob.commit_block_list([])  # takes all blocks away
    job.output_blob.delete_blob()
    wait_until(lambda: message_count(app.account.queues, queue.queue_name) == 0, "the other tasks are done")
    missing = job.ledger().missing(job.spec.work.tasks)
    assert 0 in missing
    assert job.spec.work.mini_batches_per_task == 1
    send_all(queue, [TaskMessage(task=n, first_mini_batch=n, mini_batches=1, generation=1) for n in missing])
    assert job.lines() == ['"the,name",length', *(f"{name},7" for name in files(30))]


def test_a_message_that_is_no_task_or_ticket_does_no_harm(app):
    app.start_node()
    send(app.account.queues, ticket_queue(app.compute), TaskMessage(task=1, first_mini_batch=1, mini_batches=1))
    app.send_ticket("00000000-0000-0000-0000-000000000000")
    job = app.job(files(1), script=SLOW)
    queue_client(app.account.queues, task_queue(job.id)).send_message("nonsense")
    assert job.lines() == ["000.txt"]
    wait_until(lambda: app.tickets_left() == 0, "the tickets are gone")


def test_the_output_folder_of_the_script_may_not_take_the_jobs_own_file(app):
    app.start_node()
    script = """
import os

def run(mini_batch):
    open(os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], "predictions.csv"), "w").close()
    return mini_batch
"""
    job = app.job(files(1), script=script, output_action="SummaryOnly")
    failure = job.wait_for_failure()
    job.end()
    assert failure.step == "output"
    assert "predictions.csv" in failure.message


def test_a_job_without_its_parts_fails_with_the_reason(app):
    app.start_node()
    job = app.job(files(1), script=None, model=app.upload({"weights.bin": "1"}, "no-mlflow"))
    failure = job.wait_for_failure()
    job.end()
    assert (failure.step, "has no file MLmodel" in failure.message) == ("model", True)
    job = app.job(files(1), script=SLOW, model=app.location("not/there"))
    failure = job.wait_for_failure()
    job.end()
    assert (failure.step, "cannot be fetched" in failure.message) == ("model", True)
    with pytest.raises(ResourceNotFoundError):
        job.output_blob.get_blob_properties()


def test_a_job_survives_a_storage_that_does_not_answer_for_a_while(app, azurite):
    blob, queue, table = (CuttableService(port) for port in (azurite.blob_port, azurite.queue_port, azurite.table_port))
    through = AzuriteEndpoints(blob.port, queue.port, table.port)
    app.start_node(AzureWebJobsStorage=through.connection_string)
    job = app.job(files(40), script=SLOW, mini_batches_per_task=2, max_concurrency_per_instance=2)
    for finished in (3, 10):
        wait_until(lambda: job.ledger().finished >= finished, "the node works")  # noqa: B023 (called at once)
        for service in (blob, queue, table):
            service.cut()
        wait_until(lambda: "heartbeat could not" in app.node_log(), "the node notices")
        for service in (blob, queue, table):
            service.mend()
    assert job.lines() == list(files(40))
