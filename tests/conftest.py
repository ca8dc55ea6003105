"""Real parts that tests of every tier share."""

import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from local.azurite.endpoints import AzuriteEndpoints
from local.azurite.temporary import temporary_azurite
from local.stack.inspection import StackStatus
from local.stack.lifecycle import temporary_stack
from local.stack.options import StackOptions
from shared.observability.tracing import NO_TELEMETRY, use
from tests.captured import Captured

_SLOWEST_FIRST = ("e2e", "simulation", "integration", "unit")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole stacks come first: parallel workers then share what is left evenly, to the end."""
    items.sort(key=lambda item: next(n for n, tier in enumerate(_SLOWEST_FIRST) if item.get_closest_marker(tier)))


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzuriteEndpoints]:
    """A real Azurite on free ports (one for each worker of pytest-xdist), its data in memory."""
    with temporary_azurite(tmp_path_factory.mktemp("azurite")) as endpoints:
        yield endpoints


@pytest.fixture
def connection_string(azurite: AzuriteEndpoints) -> str:
    """The value of `AzureWebJobsStorage` for the session's Azurite."""
    return azurite.connection_string


@pytest.fixture
def unique_name() -> Callable[[str], str]:
    """Makes names that no other test uses; fit for containers, queues, endpoints and computes."""
    return lambda prefix="t": f"{prefix}-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def unique_table_name() -> Callable[[str], str]:
    """Makes table names (letters and digits only) that no other test uses."""
    return lambda prefix="t": f"{prefix}{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackStatus]:
    """A whole local stack with the real application, shared by the session's tests that leave it whole."""
    with temporary_stack(StackOptions(tmp_path_factory.mktemp("stack"))) as status:
        yield status


@pytest.fixture
def captured() -> Iterator[Captured]:
    """What the code under test tells by telemetry."""
    yield Captured()
    use(NO_TELEMETRY)


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Waits until a condition holds, and fails by name when it does not in time: `eventually(lambda: x.done)`."""

    def wait(condition: Callable[[], object], timeout: float = 120.0, what: str = "the condition") -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"{what} did not come true in {timeout:g} s")
            time.sleep(0.02)

    return wait
