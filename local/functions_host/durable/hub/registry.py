"""The durable functions that the loaded app registers, looked up as the Durable extension does."""

from collections.abc import Iterable, Mapping

from local.functions_host.durable.hub.errors import FunctionNotFoundError


class DurableFunctions:
    """Names of the app's orchestrators and activities, compared without regard to case.

    Attributes:
        default_version: version of instances that are started without one (`defaultVersion` in host.json).
    """

    def __init__(
        self, orchestrators: Iterable[str] = (), activities: Iterable[str] = (), *, default_version: str = ""
    ) -> None:
        self.default_version = default_version
        self._orchestrators = {name.casefold(): name for name in orchestrators}
        self._activities = {name.casefold(): name for name in activities}

    def orchestrator(self, name: str) -> str:
        """Return the registered spelling of an orchestrator's name.

        Raises:
            FunctionNotFoundError: with the text of the Durable extension.
        """
        return _find(name, self._orchestrators, "an orchestrator", "orchestrator")

    def activity(self, name: str) -> str:
        """Return the registered spelling of an activity's name.

        Raises:
            FunctionNotFoundError: with the text of the Durable extension.
        """
        return _find(name, self._activities, "an activity", "activity")


def _find(name: str, known: Mapping[str, str], article: str, kind: str) -> str:
    found = known.get(name.casefold())
    if found is not None:
        return found
    if known:
        names = "', '".join(known.values())
        info = f"The following are the known {kind} functions: '{names}'."
    else:
        info = f"No {kind} functions are currently registered!"
    raise FunctionNotFoundError(
        f"The function '{name}' doesn't exist, is disabled, or is not {article} function. Additional info: {info}"
    )
