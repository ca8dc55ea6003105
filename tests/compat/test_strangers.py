import pytest

from local.stack.inspection import StackStatus
from tests.strangers import PORTS_OF_A_STACK, answers_to_strangers, ports_of

pytestmark = pytest.mark.e2e


def test_no_port_of_a_stack_with_tls_does_anything_for_somebody_without_a_token_or_a_key(
    secure_stack: StackStatus,
) -> None:
    ports = ports_of(secure_stack)
    assert len(ports) == PORTS_OF_A_STACK
    assert [answer for port in ports for answer in answers_to_strangers(port)] == []
