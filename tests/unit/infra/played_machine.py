"""A machine on which the scripts run, with programs that a test plays: `az`, `azd`, `curl`, `docker` and `sleep`."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.unit.infra import az_answers, played_az
from tests.unit.infra.az_answers import Answer
from tests.unit.infra.bicep_files import REPOSITORY

PLAYED = """#!/bin/sh
printf '%s %s\\n' "${0##*/}" "$*" >>"$CALLED"
"""

CURL = """#!/bin/sh
printf 'curl %s\\n' "$*" >>"$CALLED"
sed -n 1p "$HEALTH"
[ "$(wc -l <"$HEALTH")" -le 1 ] || sed -i 1d "$HEALTH"
"""
"""Prints the next status of the application's health; the last one for ever."""


class Machine:
    """It notes how the programs are called. `az` answers as `answers` says, the first that fits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._calls, self._answers = folder / "called", folder / "answers.json"
        self._calls.touch()
        self.environment = {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "CALLED": str(self._calls),
            "HEALTH": str(folder / "health"),
            "AZ_ANSWERS": str(self._answers),
            "AZURE_ENV_NAME": "x",
            "BATCH_SSH_PUBLIC_KEY": "ssh-ed25519 x",
            "BATCH_HEALTH_SECONDS": "20",
            "HOME": str(folder),
            "LAST": str(folder / "last"),
        }
        self.play("az", f'#!/bin/sh\nexec {sys.executable} -S {played_az.__file__} "$@"\n')
        self.environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path.endswith("site-packages"))
        for name in ("azd", "docker", "sleep"):
            self.play(name, PLAYED)
        self.play("curl", CURL)
        self.health("200")
        self.answers = az_answers.of_a_running_installation()

    def play(self, name: str, text: str) -> None:
        """Put a program in the place of the machine's own."""
        (self.folder / name).write_text(text, encoding="utf-8")
        (self.folder / name).chmod(0o755)

    def health(self, *statuses: str) -> None:
        """The application answers with these, one after another."""
        (self.folder / "health").write_text("".join(f"{status}\n" for status in statuses), encoding="utf-8")

    def answer(self, *answers: Answer) -> None:
        """Azure answers so from now on; what is not named stays."""
        self.answers = [*answers, *self.answers]

    def run(self, script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a script of infra/ in the repository."""
        self._answers.write_text(json.dumps(self.answers), encoding="utf-8")
        return subprocess.run(
            ["sh", f"infra/{script}", *arguments],
            cwd=REPOSITORY,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self, beginning: str = "") -> list[str]:
        """The calls that begin so; those of `az` without the word."""
        return [line for line in self._calls.read_text(encoding="utf-8").splitlines() if line.startswith(beginning)]
