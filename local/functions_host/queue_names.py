"""The queue that a binding names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.functions_host.functions import Binding
from local.functions_host.settings import AppSettings

MAX_QUEUE_NAME = 63
POISON_SUFFIX = "-poison"
_QUEUE_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class QueueAddress:
    """A queue and the account that holds it."""

    connection_string: str
    name: str

    def __repr__(self) -> str:
        return f"QueueAddress({self.name!r})"

    @property
    def poison(self) -> QueueAddress | None:
        """Where messages go that fail too often; None for a poison queue itself and for names too long."""
        name = self.name + POISON_SUFFIX
        if self.name.endswith(POISON_SUFFIX) or len(name) > MAX_QUEUE_NAME:
            return None
        return QueueAddress(self.connection_string, name)


def queue_of(binding: Binding, settings: AppSettings) -> QueueAddress:
    """The queue of a queue trigger or queue output.

    Raises:
        AppSettingError: the connection or a setting named in the queue's name is missing.
        ValueError: the name is no valid queue name, or depends on the message.
    """
    name = settings.resolve(binding.text("queueName")).lower()
    if "{" in name:
        raise ValueError(f"queueName {name!r}: names that depend on the trigger's data are not supported")
    if not _QUEUE_NAME.fullmatch(name):
        raise ValueError(f"queueName {name!r}: use 3 to 63 lower-case letters, digits and single hyphens")
    return QueueAddress(settings.connection_string(settings.resolve(binding.text("connection"))), name)
