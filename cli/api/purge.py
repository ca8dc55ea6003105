"""Removing what is left of old jobs, request by request until nothing is left."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.api.workspace import Workspace
from cli.output.errors import ServiceError

LONGEST_WAIT_SECONDS = 600.0
POLL_SECONDS = 0.5
LONGEST_POLL_SECONDS = 5.0


@dataclass(frozen=True)
class Purge:
    """What is to be removed."""

    workspace: Workspace
    ended_before: datetime
    include_outputs: bool

    def preview(self) -> dict[str, Any]:
        """The jobs and code uploads that would go."""
        return self._view(self._post(dry_run=True))

    def carry_out(self, *, wait: bool) -> dict[str, Any]:
        """Remove them; the jobs and code uploads that went, or go."""
        plan = self._post(dry_run=False)
        gone = self._view(plan)
        while plan["jobs"] and (wait or plan["more"]):
            self._await(set(plan["jobs"]))
            if not plan["more"]:
                break
            plan = self._post(dry_run=False)
            gone["jobs"] += plan["jobs"]
        return gone

    def _await(self, jobs: set[str]) -> None:
        """Wait until none of these jobs is there; raises ServiceError that names what stays."""
        deadline, pause = time.monotonic() + LONGEST_WAIT_SECONDS, POLL_SECONDS
        while left := jobs & set(self._post(dry_run=True)["jobs"]):
            if time.monotonic() > deadline:
                raise ServiceError(
                    f"{len(left)} jobs are still there, for example {min(left)}",
                    hint="The service goes on trying; look at its log if they stay",
                )
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_POLL_SECONDS)

    def _post(self, *, dry_run: bool) -> dict[str, Any]:
        order = {"endedBefore": self.ended_before.isoformat(), "includeOutputs": self.include_outputs}
        plan: dict[str, Any] = self.workspace.post("purgeJobs", order | {"dryRun": dry_run})
        return plan

    def _view(self, plan: dict[str, Any]) -> dict[str, Any]:
        return {
            "ended_before": self.ended_before.isoformat(timespec="seconds"),
            "dry_run": plan["dryRun"],
            "jobs": list(plan["jobs"]),
            "more": plan["more"],
            "code_uploads": plan["codeUploads"],
            **({"warnings": plan["warnings"]} if plan.get("warnings") else {}),
        }
