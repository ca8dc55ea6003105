import dataclasses
import socket

import pytest

from local.errors import PortInUseError, SchemeError
from local.loopback.ports import free_ports
from local.stack.options import StackOptions, choose_setup

pytestmark = pytest.mark.unit


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def ports(setup) -> list[int]:
    return [value for name, value in dataclasses.asdict(setup).items() if name.endswith("port")]


def test_the_first_start_chooses_seven_different_ports(tmp_path):
    assert len(set(ports(choose_setup(None, StackOptions(tmp_path))))) == 7


def test_names_ports_and_key_stay(tmp_path):
    first = choose_setup(None, StackOptions(tmp_path))
    assert choose_setup(first, StackOptions(tmp_path)) == first


def test_an_option_changes_one_port_only(tmp_path):
    first = choose_setup(None, StackOptions(tmp_path))
    (other,) = free_ports(1, avoid=frozenset(ports(first)))
    assert choose_setup(first, StackOptions(tmp_path, port=other)) == dataclasses.replace(first, port=other)


@pytest.mark.parametrize(
    ("option", "flag", "purpose"),
    [
        ("port", "--port", "Functions host"),
        ("azurite_blob_port", "--azurite-blob-port", "blob service"),
        ("azurite_queue_port", "--azurite-queue-port", "queue service"),
        ("azurite_table_port", "--azurite-table-port", "table service"),
    ],
)
def test_a_taken_port_is_refused_with_its_purpose_and_option(tmp_path, taken_port, option, flag, purpose):
    with pytest.raises(PortInUseError, match=f"{taken_port} for .*{purpose} .*{flag}"):
        choose_setup(None, StackOptions(tmp_path, **{option: taken_port}))


def test_a_kept_port_that_another_program_took_is_refused(tmp_path, taken_port):
    kept = dataclasses.replace(choose_setup(None, StackOptions(tmp_path)), blob_port=taken_port)
    with pytest.raises(PortInUseError, match="--azurite-blob-port"):
        choose_setup(kept, StackOptions(tmp_path))


def test_an_inner_port_that_another_program_took_is_replaced(tmp_path, taken_port):
    kept = dataclasses.replace(choose_setup(None, StackOptions(tmp_path)), scale_set_port=taken_port)
    assert choose_setup(kept, StackOptions(tmp_path)).scale_set_port != taken_port


def test_the_same_port_for_two_services_is_refused(tmp_path):
    (port,) = free_ports(1)
    with pytest.raises(PortInUseError, match="blob service"):
        choose_setup(None, StackOptions(tmp_path, port=port, azurite_blob_port=port))


def test_tls_is_chosen_at_the_first_start_and_kept(tmp_path):
    first = choose_setup(None, StackOptions(tmp_path, https=True))
    assert (first.management_url[:8], first.storage.blob_url[:8], first.token_url[:8]) == ("https://",) * 3
    assert choose_setup(first, StackOptions(tmp_path)).https
    assert not choose_setup(None, StackOptions(tmp_path)).https


@pytest.mark.parametrize(("made", "asked", "way_out"), [(True, False, "--no-https"), (False, True, "--data-dir")])
def test_a_data_folder_keeps_its_scheme(tmp_path, made, asked, way_out):
    first = choose_setup(None, StackOptions(tmp_path, https=made))
    with pytest.raises(SchemeError, match=way_out):
        choose_setup(first, StackOptions(tmp_path, https=asked))
