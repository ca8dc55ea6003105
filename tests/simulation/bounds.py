"""How long a world may take: leases, timers and the work itself, added up after the last disturbance."""

from collections.abc import Iterable

from scorer_container.node.settings import DEFAULT_LEASE_SECONDS
from shared.jobs.phases.watch import LONGEST_LOOK, LOST_TASKS_AFTER, LOST_TICKETS_AFTER
from shared.jobs.upkeep.reconcile import SETTLING_TIME
from shared.triggers.background.orchestration import RETRIES, SHUTDOWN_LIMIT
from tests.simulation.app.host import LOOK_AGAIN_SECONDS, RECONCILE_SECONDS, SCALE_SECONDS
from tests.simulation.plan import INIT_TIMEOUT, RUN_TIMEOUT, TRIES, Plan
from tests.simulation.storage.network import LATEST
from tests.simulation.storage.sdk_calls import LONGEST_CALL

CALM_AT = 70.0
"""No disturbance begins later. From here on the world must come to rest."""
LONGEST_FREEZE = 60.0
NOTICE = 25.0
"""Seconds between the notice of an eviction and the end of the machine."""
RESTART = 8.0
"""A dead node, or app, comes back after this."""
LONGEST_START = 20.0
"""Seconds that a new machine takes at most."""
_NODE_CALL = 60.0
"""A call of the node whose request is lost takes this long."""


def bound(plans: Iterable[Plan]) -> dict[str, float]:
    """Return the parts of the time within which every job of a world has ended."""
    plans = list(plans)
    retries = RETRIES._max_number_of_attempts * RETRIES._first_retry_interval_in_milliseconds / 1000
    return {
        "disturbances": CALM_AT,
        "a machine freezes, or is evicted and replaced": max(LONGEST_FREEZE, NOTICE + RESTART) + LONGEST_START,
        "a call is late or lost": max(LATEST, _NODE_CALL, LONGEST_CALL),
        "the app restarts and repeats an activity": RESTART + retries + LONGEST_CALL,
        "the orchestration is lost": SETTLING_TIME.total_seconds() + RECONCILE_SECONDS + LOOK_AGAIN_SECONDS,
        "leases end": 2.0 * DEFAULT_LEASE_SECONDS,
        "tasks and tickets are healed": (LOST_TASKS_AFTER + LOST_TICKETS_AFTER + 4 * LONGEST_LOOK).total_seconds(),
        "machines are added": SCALE_SECONDS + LONGEST_START,
        "shutdown() is waited for": SHUTDOWN_LIMIT.total_seconds(),
        "the work, on one process": sum(map(_work, plans)),
    }


def _work(plan: Plan) -> float:
    calls = -(-plan.shape.files // plan.shape.mini_batch_size)
    longest_call = TRIES * max(RUN_TIMEOUT, INIT_TIMEOUT) if plan.bad or plan.fatal_after is not None else RUN_TIMEOUT
    return 2.0 * INIT_TIMEOUT + calls * min(longest_call, TRIES * RUN_TIMEOUT)
