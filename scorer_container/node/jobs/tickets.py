"""The tickets of a compute. Each ticket requests one node for one job (docs/decisions/0003)."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from pydantic import ValidationError

from scorer_container.node.held import HeldMessage
from scorer_container.node.in_hand import InHand
from scorer_container.node.reporting.heartbeat import Heartbeat
from scorer_container.node.settings import NodeSettings
from scorer_container.node.storage.account import Account
from scorer_container.node.storage.errors import QueueGoneError, StorageError
from scorer_container.node.storage.queue import Queue, Received
from shared.contracts.messages import NodeTicket
from shared.contracts.names import task_queue, ticket_queue
from shared.errors import ProductError

_LOOK_AGAIN_SHARE = 0.2
"""Share of the lease after which a live holder has written another heartbeat."""


class HeldTicket(HeldMessage):
    """A leased ticket."""

    def __init__(
        self, queue: Queue, message: Received, asked_at: float, lease_seconds: int, log: Callable[[str], None]
    ) -> None:
        """Raise ValidationError if the message is no ticket."""
        super().__init__(queue, message, asked_at, lease_seconds, log)
        self.ticket = NodeTicket.model_validate_json(message.text)

    @property
    def _name(self) -> str:
        return "the ticket"


class Tickets:
    """Leases tickets that are worth working on."""

    def __init__(
        self,
        account: Account,
        settings: NodeSettings,
        heartbeat: Heartbeat,
        in_hand: InHand,
        log: Callable[[str], None],
    ) -> None:
        """Take tickets of the compute of `settings` in hand; `heartbeat` knows the other nodes of the compute."""
        self._account = account
        self._settings = settings
        self._queue = account.queue(ticket_queue(settings.compute))
        self._heartbeat = heartbeat
        self._in_hand = in_hand
        self._log = log
        self._seen: dict[NodeTicket, datetime] = {}
        """The holder's latest write when this node first met the ticket."""

    async def lease(self) -> HeldTicket | None:
        """Return a ticket, which is in hand then, or None if none is available now."""
        asked_at = asyncio.get_running_loop().time()
        try:
            messages = await self._queue.receive(1, self._settings.lease_seconds)
        except QueueGoneError:
            return None  # no job has ever asked for this compute
        except StorageError as error:
            self._log(f"no ticket could be leased: {error}")
            return None
        return await self._opened(messages[0], asked_at) if messages else None

    async def _opened(self, message: Received, asked_at: float) -> HeldTicket | None:
        try:
            held = HeldTicket(self._queue, message, asked_at, self._settings.lease_seconds, self._log)
        except ValidationError as error:
            self._log(f"a message on {self._queue.name} is no ticket and is deleted: {' '.join(str(error).split())}")
            await self._delete(message)
            return None
        self._in_hand.add(held)
        try:
            if await self._is_worth_it(held):
                return held
        except ProductError as error:
            self._log(f"no ticket could be leased: {error}")
            await held.give_back()
        self._in_hand.drop(held)
        return None

    async def _is_worth_it(self, held: HeldTicket) -> bool:
        if not await self._account.queue(task_queue(held.ticket.job_id)).exists():
            await held.acknowledge()
            return False
        return not await self._is_taken(held)

    async def _is_taken(self, held: HeldTicket) -> bool:
        """Return True if another node works under the ticket.

        A dead node looks alive for as long as its ticket was leased. The ticket is therefore deleted only after the
        holder has written another heartbeat since this node first saw the ticket.
        """
        holder = await self._heartbeat.holder(held.ticket)
        if holder is None:
            return False
        if holder.timestamp > self._seen.setdefault(held.ticket, holder.timestamp):
            await held.acknowledge()
        else:
            await held.give_back(max(1, round(self._settings.lease_seconds * _LOOK_AGAIN_SHARE)))
        return True

    async def _delete(self, message: Received) -> None:
        try:
            await self._queue.delete(message)
        except StorageError as error:
            self._log(f"it could not be deleted: {error}")
