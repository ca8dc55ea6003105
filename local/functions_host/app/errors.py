"""Every reason why the Functions host refuses to start or to run an app.

LocalStackError
└── FunctionsHostError
    ├── HostConfigError       host.json or local.settings.json says something that the host cannot honour
    ├── AppSettingError       an app setting is missing or has a value of the wrong form
    ├── AppImportError        function_app.py cannot be imported, or has no single FunctionApp
    ├── FunctionLoadError     one function is declared in a way that Azure, or this host, refuses
    └── AppRefusedError       all the refusals of one start
"""

from collections.abc import Sequence

from local.errors import LocalStackError


class FunctionsHostError(LocalStackError):
    """The Functions host cannot start or run this app."""


class HostConfigError(FunctionsHostError):
    """A configuration file says something that the host cannot honour."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: `{key}` {problem}")
        self.file = file
        self.key = key


class AppSettingError(FunctionsHostError):
    """An app setting is missing or has a value of the wrong form."""

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(f"app setting `{setting}` {problem}")
        self.setting = setting


class AppImportError(FunctionsHostError):
    """The app's script cannot be imported or does not hold exactly one function app."""


class FunctionLoadError(FunctionsHostError):
    """One function is declared in a way that is refused."""

    def __init__(self, function: str, problem: str) -> None:
        super().__init__(f"cannot load the {function} function: {problem}")
        self.function = function


class AppRefusedError(FunctionsHostError):
    """All the refusals of one start: the user can fix them together."""

    def __init__(self, problems: Sequence[FunctionsHostError]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
