"""The tickets of a compute. Each ticket requests one node for one job (docs/decisions/0003)."""

from collections.abc import Callable
from datetime import datetime

from pydantic import ValidationError

from scorer_container.node.presence import Presence
from scorer_container.node.settings import NodeSettings
from scorer_container.node.work import HeldMessage
from shared.contracts.messages import NodeTicket
from shared.contracts.names import task_queue, ticket_queue
from shared.storage.hot_path.connect import HotAccount
from shared.storage.hot_path.errors import LeaseLostError, QueueGoneError
from shared.storage.hot_path.queue import Received

_LOOK_AGAIN_SHARE = 0.2
"""Share of the lease after which a live holder has written another heartbeat."""


class HeldTicket(HeldMessage):
    """A leased ticket."""

    def __init__(self, message: HeldMessage, ticket: NodeTicket) -> None:
        super().__init__(message.queue, message.message)
        self.ticket = ticket


class TicketQueue:
    """Leases tickets that are worth working on."""

    def __init__(self, hot: HotAccount, settings: NodeSettings, presence: Presence, log: Callable[[str], None]) -> None:
        self._hot = hot
        self._settings = settings
        self._queue = hot.queue(ticket_queue(settings.compute))
        self._presence = presence
        self._log = log
        self._heartbeats: dict[NodeTicket, datetime] = {}

    def lease(self) -> HeldTicket | None:
        """Return a ticket, or None if none is available now; raise HotPathError."""
        try:
            messages = self._queue.receive(1, self._settings.lease_seconds)
        except QueueGoneError:
            return None  # no job has ever asked for this compute
        try:
            return self._opened(messages[0]) if messages else None
        except LeaseLostError:
            return None

    def _opened(self, message: Received) -> HeldTicket | None:
        held = HeldMessage(self._queue, message)
        try:
            ticket = NodeTicket.model_validate_json(message.text)
        except ValidationError as error:
            self._log(f"a message on {self._queue.name} is no ticket and is deleted: {' '.join(str(error).split())}")
            held.delete()
            return None
        if not self._hot.queue(task_queue(ticket.job_id)).exists():
            held.delete()
            return None
        return None if self._is_taken(ticket, held) else HeldTicket(held, ticket)

    def _is_taken(self, ticket: NodeTicket, held: HeldMessage) -> bool:
        """Return True if another node works under the ticket.

        A dead node looks alive for as long as its ticket was leased. The ticket is therefore deleted only after the
        holder has written another heartbeat since this node first saw the ticket.
        """
        holder = self._presence.holder(ticket)
        if holder is None:
            return False
        if holder.heartbeat > self._heartbeats.setdefault(ticket, holder.heartbeat):
            held.delete()
        else:
            held.give_back(max(1, round(self._settings.lease_seconds * _LOOK_AGAIN_SHARE)))
        return True
