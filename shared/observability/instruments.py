"""The metrics of the product."""

import time
from collections.abc import Hashable, Iterable

from opentelemetry.metrics import CallbackOptions, Meter, NoOpMeter, Observation

from shared.observability import names
from shared.observability.names import Ids

READING_SECONDS = 60.0
"""A gauge repeats its last reading for this many seconds. After that, its source counts as gone."""

_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800]
_LONG_SECONDS = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 3 * 3_600, 12 * 3_600, 48 * 3_600]


class Readings:
    """The last readings of a gauge. Readings with the same labels add up (two jobs of a deployment)."""

    def __init__(self) -> None:
        self._readings: dict[Hashable, tuple[float, int, Ids]] = {}

    def note(self, source: Hashable, value: int, labels: Ids) -> None:
        """Set the current reading of `source`."""
        self._fresh()
        self._readings[source] = (time.monotonic(), value, labels)

    def observe(self, options: CallbackOptions) -> Iterable[Observation]:
        """Return the sums of the recent readings."""
        sums: dict[tuple[tuple[str, str | int], ...], int] = {}
        for value, labels in self._fresh():
            key = tuple(labels.items())
            sums[key] = sums.get(key, 0) + value
        return [Observation(value, dict(key)) for key, value in sums.items()]

    def _fresh(self) -> list[tuple[int, Ids]]:
        """Return the recent readings and forget the others, even if nobody observes."""
        oldest = time.monotonic() - READING_SECONDS
        for source, (moment, _, _) in list(self._readings.items()):
            if moment < oldest:
                self._readings.pop(source, None)
        return [(value, labels) for _, value, labels in list(self._readings.values())]


class Instruments:
    """Counts, durations and gauges."""

    def __init__(self, meter: Meter) -> None:
        self.tasks_completed = meter.create_counter(names.TASKS_COMPLETED, "{task}", "Tasks that nodes completed")
        self.items = meter.create_counter(names.ITEMS, "{item}", "Items (files) that were scored, by outcome")
        self.mini_batch_duration = meter.create_histogram(
            names.MINI_BATCH_DURATION, "s", "Scoring one mini-batch", explicit_bucket_boundaries_advisory=_SECONDS
        )
        self.merge_duration = meter.create_histogram(
            names.MERGE_DURATION, "s", "Merging an output", explicit_bucket_boundaries_advisory=_SECONDS
        )
        self.jobs_ended = meter.create_counter(names.JOBS_ENDED, "{job}", "Jobs that ended, by status")
        self.job_duration = meter.create_histogram(
            names.JOB_DURATION, "s", "From invocation to end", explicit_bucket_boundaries_advisory=_LONG_SECONDS
        )
        self.poison_messages = meter.create_counter(names.POISON_MESSAGES, "{message}", "Messages that never work")
        self.nodes_lost = meter.create_counter(names.NODES_LOST, "{node}", "Nodes that went silent")
        self.tasks_waiting, self.tickets, self.nodes = Readings(), Readings(), Readings()
        gauges = [
            (names.TASKS_WAITING, self.tasks_waiting, "{task}", "Tasks on the queues of jobs"),
            (names.TICKETS, self.tickets, "{ticket}", "Nodes that are asked for"),
            (names.NODES, self.nodes, "{node}", "Live nodes, by state"),
        ]
        for name, readings, unit, description in gauges:
            meter.create_observable_gauge(name, [readings.observe], unit, description)


NO_INSTRUMENTS = Instruments(NoOpMeter("off"))
"""The instruments of a process without telemetry."""
