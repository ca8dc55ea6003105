"""What may befall a world besides the weather: machines, the app, storage, messages."""

from typing import TYPE_CHECKING

from shared.contracts.messages import NodeTicket
from shared.contracts.names import task_queue, ticket_queue
from shared.contracts.progress import NodeRow, NodeState
from shared.contracts.row_documents import entity_of
from shared.jobs.phases.plan import task_messages
from tests.simulation.bounds import CALM_AT, LONGEST_FREEZE
from tests.simulation.plan import COMPUTE
from tests.simulation.storage.server import SERVICES

if TYPE_CHECKING:
    from tests.simulation.world import World

KINDS = (
    "node dies",
    "node freezes",
    "node is evicted",
    "node is sent away",
    "app dies",
    "app freezes",
    "orchestration is lost",
    "storage is down",
    "storage forgets queues",
    "storage forgets blocks",
    "storage forgets rows",
    "tasks are sent again",
    "tasks are sent again",
    "tickets are sent again",
)
_MOST = 6
_LONGEST_OUTAGE = 20.0


class Disturbances:
    """Draws disturbances and lets them happen."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def schedule(self) -> None:
        """Draw them all and set their times."""
        draw = self._world.choices.draw
        for number in range(draw("disturbances", 0, lambda dice: dice.randint(0, _MOST))):
            kind, when, which, seconds = draw(
                f"disturbance {number}",
                ["", 0.0, 0, 0.0],
                lambda dice: [
                    dice.choice(KINDS),
                    round(1 + (CALM_AT - 1) * dice.random() ** 2, 2),  # early: most jobs are short
                    dice.randrange(64),
                    round(dice.random() ** 2 * LONGEST_FREEZE, 2),
                ],
            )
            if kind:
                self._world.later(when, self._happen, kind, which, seconds)

    def _happen(self, kind: str, which: int, seconds: float) -> None:
        if kind.startswith("node"):
            self._befall_node(kind, which, seconds)
        elif kind.startswith("storage"):
            self._befall_storage(kind, seconds)
        elif kind == "orchestration is lost":
            self._lose_orchestration(which)
        elif kind.startswith("app"):
            self._world.restart_app(seconds if kind == "app freezes" else None)
            self._world.happened[kind] += 1
        else:
            self._send_again(kind)

    def _befall_node(self, kind: str, which: int, seconds: float) -> None:
        machines = self._world.machines
        names = machines.living
        if not names:
            return
        name = names[which % len(names)]
        self._world.happened[kind] += 1
        if kind == "node dies":
            machines.die(name)
        elif kind == "node freezes":
            self._world.loop.freeze(machines.lives[name].actor, seconds)
        elif kind == "node is evicted":
            machines.evict(name)
        else:
            self._send_away(name)

    def _send_away(self, name: str) -> None:
        """Write `leaving` into the node's row, as the app does before it removes the machine."""
        tables = self._world.server.tables
        entity = tables.content.get("nodes", {}).get((COMPUTE, name))
        self._world.machines.lives[name].actor.last_trouble = self._world.loop.time()
        if entity is not None:
            row = NodeRow.model_validate_json(entity.properties["document0"])
            properties = dict(entity_of(COMPUTE, name, row.model_copy(update={"state": NodeState.LEAVING})))
            tables.put("nodes", properties.pop("PartitionKey"), properties.pop("RowKey"), properties)

    def _befall_storage(self, kind: str, seconds: float) -> None:
        self._world.happened[kind] += 1
        if kind == "storage is down":
            self._be_down(min(seconds, _LONGEST_OUTAGE))
            return
        service = next(service for service in SERVICES if kind.endswith(service))
        memory = self._world.server.memory(service)
        self._world.losses[service] += 1
        self._world.later(1.0 + min(seconds, 8.0), self._forget, service, memory)

    def _forget(self, service: str, memory: object) -> None:
        self._world.server.forget(service, memory)
        self._be_down(2.0)

    def _be_down(self, seconds: float) -> None:
        self._world.network.is_down = True
        self._world.later(seconds, setattr, self._world.network, "is_down", False)

    def _lose_orchestration(self, which: int) -> None:
        """Somebody terminates or purges it, or it fails by a defect."""
        alive = [name for name in self._world.hub.instances if self._world.hub.is_alive(name)]
        if alive:
            self._world.happened["orchestration is lost"] += 1
            del self._world.hub.instances[alive[which % len(alive)]]

    def _send_again(self, kind: str) -> None:
        """An activity was repeated, or arrives late: all its messages come a second time."""
        queues = self._world.server.queues
        for name in self._world.plans:
            job = self._world.find_job(name)
            if job is None or job.work is None or task_queue(job.job_id) not in queues.content:
                continue
            self._world.happened[kind] += 1
            if kind == "tasks are sent again":
                for message in task_messages(job, 0):
                    queues.send(task_queue(job.job_id), message.to_text())
            elif ticket_queue(COMPUTE) in queues.content:
                for number in range(job.settings.instance_count):
                    queues.send(ticket_queue(COMPUTE), NodeTicket(job_id=job.job_id, number=number).to_text())
