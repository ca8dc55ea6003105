"""Calls of `uv`, which finds interpreters, makes virtual environments and installs packages."""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from scorer_container.node.environments import EnvironmentPreparationError
from scorer_container.node.environments.build_session import BuildSession, Log

_PASSED_ON = re.compile(
    r"PATH|HOME|USER|LANG|LC_.*|TZ|TMPDIR|TEMP|TMP|XDG_.*|SSL_.*|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NETRC"
    r"|(?i:https?_proxy|all_proxy|no_proxy)|UV_.*|PIP_.*|PYENV_ROOT|CONDA_.*"
    r"|CC|CXX|FC|[A-Z]*FLAGS|LD_LIBRARY_PATH|PKG_CONFIG_PATH|CUDA_HOME|GIT_SSH_COMMAND|SSH_AUTH_SOCK"
)
"""Variables for uv. An installation may run code of packages, so the node's storage credentials are not included."""
_FROM_PIP = {
    "UV_DEFAULT_INDEX": "PIP_INDEX_URL",
    "UV_INDEX": "PIP_EXTRA_INDEX_URL",
    "UV_FIND_LINKS": "PIP_FIND_LINKS",
    "SSL_CERT_FILE": "PIP_CERT",
}
"""uv's names for variables that a user may have set for pip."""
_LIST_SEPARATORS = {"UV_FIND_LINKS": ","}
_DECORATION = "\N{MULTIPLICATION SIGN}│├╰─▶ \t"
"""Characters that some versions of uv draw before the lines of an error."""
_CONCLUSION = ", we can conclude that your requirements are unsatisfiable"
_SECRET = re.compile(r"(?<=://)[^/@\s]+@")


class UvError(Exception):
    """uv failed; the message is its reason on one line."""


def run_uv(arguments: list[str], session: BuildSession, log: Log | None = None) -> str:
    """Run `uv` and return its standard output. Its reports go line by line to the session's log, or to `log`.

    Raises:
        UvError: uv failed; the message is its reason.
        EnvironmentPreparationError: there is no uv.
        BuildEndedError: the session has ended.
    """
    hear = log or session.log
    command = [str(find_uv()), "--no-progress", *arguments]
    code, output = session.run(command, uv_environment(os.environ), lambda line: hear(without_secrets(line)))
    lines = [without_secrets(line) for line in output]
    if code:
        raise UvError(reason(lines) or f"uv ended with exit code {code}")
    return "\n".join(lines)


def find_uv() -> Path:
    """Return the `uv` of this interpreter, else the one on PATH."""
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("uv")
    if not found:
        raise EnvironmentPreparationError(
            f"`uv`, which builds environments, is not installed: run `{sys.executable} -m pip install uv`"
        )
    return Path(found)


def uv_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that uv may see: configuration of uv, pip and the network, without credentials."""
    passed = {name: value for name, value in variables.items() if _PASSED_ON.fullmatch(name)}
    for name, pip_name in _FROM_PIP.items():
        if passed.get(pip_name) and name not in passed:
            passed[name] = _LIST_SEPARATORS.get(name, " ").join(passed[pip_name].split())
    passed.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")  # lists are written for pip, which looks everywhere
    passed["NO_COLOR"] = "1"
    return passed


def reason(lines: list[str]) -> str:
    """Return uv's error on one line: what failed, its first cause, and the last line that a failed build printed."""
    text = [line.strip(_DECORATION) for line in lines]
    first = next((number for number, line in enumerate(text) if _is_error(line, lines[number])), None)
    if first is None:
        return " ".join(text[-1:])
    parts = [text[first].removeprefix("error:").strip(), *_cause(text[first + 1 :]), *_last_words(text[first:])]
    text_of_parts = ": ".join(part.rstrip(".:") for part in parts if part)
    return shortened(text_of_parts.replace(_CONCLUSION, ""))


def _is_error(stripped: str, line: str) -> bool:
    return stripped.startswith("error:") or line.lstrip().startswith(_DECORATION[0])


def _cause(text: list[str]) -> list[str]:
    """Return the first cause, up to an empty line or the end of its first sentence."""
    words: list[str] = []
    for line in text:
        if not line or line.startswith("hint:") or (words and line.startswith(("cause:", "And ", "["))):
            break
        words.append(line.removeprefix("cause:").strip())
    return [" ".join(words)]


def _last_words(text: list[str]) -> list[str]:
    """Return the last line of a failed build's own output."""
    if "[stderr]" not in text:
        return []
    printed = text[text.index("[stderr]") + 1 :]
    end = next((number for number, line in enumerate(printed) if line.startswith("hint:")), len(printed))
    return [line for line in printed[:end] if line][-1:]


def shortened(text: str, limit: int = 400) -> str:
    """Cut `text` at the end of a word if it is longer than `limit` characters."""
    return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0] + " …"


def without_secrets(text: str) -> str:
    """Return `text` without user names and passwords in its URLs."""
    return _SECRET.sub("", text)
