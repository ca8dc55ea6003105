"""The life of a scoring process: load the deployment's script or model, then score mini-batch after mini-batch."""

import logging
import os
import sys
import time
from typing import Any, Optional, cast

from .frames import MAX_PAYLOAD, Channel, Header
from .results.agreement import Agreement, Proposal
from .results.encoding import encode
from .results.rows import Rows
from .script import Script
from .values.failures import DeploymentError, ResultError, describe

_COMMANDS_FD = "BATCH_COMMANDS_FD"
_ANSWERS_FD = "BATCH_ANSWERS_FD"


def main() -> None:
    """Serve the node until it says `shutdown` or closes the pipe."""
    channel = Channel(int(os.environ.pop(_COMMANDS_FD)), int(os.environ.pop(_ANSWERS_FD)))
    setup = channel.receive()
    logging.basicConfig(level=getattr(logging, setup["logging_level"].upper()), stream=sys.stderr)
    deployment = _loaded(channel, setup)
    if deployment is None:
        return
    channel.send({"type": "ready", "has_shutdown": isinstance(deployment, Script) and deployment.has_shutdown})
    service = _Service(channel, deployment)
    while True:
        command = channel.receive()
        if command["type"] == "shutdown":
            break
        service.run(command)
    if isinstance(deployment, Script):
        _shut_down(channel, deployment)


def _shut_down(channel: Channel, script: Script) -> None:
    try:
        script.shutdown()
    except BaseException as error:  # sys.exit() in shutdown() is a failure like any other
        channel.send({"type": "shutdown_failed", **describe(error)})
    else:
        channel.send({"type": "shut_down"})


def _loaded(channel: Channel, setup: Header) -> Any:
    """Return an initialised Script or MLflow model; report a failure to the node and return None."""
    try:
        if setup["kind"] == "mlflow":
            from .mlflow_model import MlflowModel

            return MlflowModel(setup["model"])
        script = Script(setup["script"], setup["code"])
        script.init()
        return script
    except DeploymentError as error:
        channel.send({"type": "unusable", "step": error.step, **describe(error)})
    except BaseException as error:  # sys.exit() in init() is a failure like any other
        channel.send({"type": "init_failed", **describe(error)})
    return None


class _Service:
    """Answers the node's `run` commands."""

    def __init__(self, channel: Channel, deployment: Any) -> None:
        self._channel = channel
        self._deployment = deployment
        self._agreement = Agreement(self._propose)

    def run(self, command: Header) -> None:
        """Score one mini-batch. A script gives one answer; an MLflow model gives one for each file, then `done`."""
        if isinstance(self._deployment, Script):
            self._answer("result", command, None)
            return
        for index in range(len(command["files"])):
            self._answer("file", command, index)
        self._channel.send({"type": "done"})

    def _answer(self, kind: str, command: Header, index: Optional[int]) -> None:
        started = time.perf_counter()
        try:
            rows = self._rows(command, index)
            seconds = time.perf_counter() - started
            payload = self._encoded(rows, command)
        except BaseException as error:  # sys.exit() in run() is a failure like any other
            seconds = time.perf_counter() - started
            self._channel.send({"type": "failed", "index": index, "seconds": seconds, **describe(error)})
            return
        header = {"type": kind, "index": index, "seconds": seconds, "rows": rows.count, "succeeded": rows.succeeded}
        self._channel.send(header, payload)

    def _rows(self, command: Header, index: Optional[int]) -> Rows:
        if index is None:
            return cast(Rows, self._deployment.run(command["files"]))
        return cast(Rows, self._deployment.predict(command["files"][index], command["names"][index]))

    def _encoded(self, rows: Rows, command: Header) -> bytes:
        if not command["collect"]:
            rows.count = 0
            return b""
        payload = encode(rows, command["format"], command["job"], self._agreement)
        if len(payload) > MAX_PAYLOAD:
            raise ResultError(
                "the result takes {:,} bytes in the output; {:,} are allowed: use a smaller mini_batch_size, or more "
                "and smaller files".format(len(payload), MAX_PAYLOAD)
            )
        return payload

    def _propose(self, proposal: Proposal) -> Proposal:
        self._channel.send({"type": "columns", "proposed": proposal})
        return cast(Proposal, self._channel.receive()["agreed"])
