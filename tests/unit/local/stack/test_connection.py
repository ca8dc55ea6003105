import json

import pytest

from local.data_folder.connection import read_connection
from local.data_folder.layout import DataFolder
from local.data_folder.stack_file import RecordedProcess, StackFile, read_stack_file, write_stack_file
from local.errors import NoStackError, OtherVersionError, StackStateError
from local.stack.options import StackOptions, choose_setup
from local.token_issuer.credentials import ensure_credentials

pytestmark = pytest.mark.unit


@pytest.fixture
def folder(tmp_path):
    folder = DataFolder(tmp_path)
    setup = choose_setup(None, StackOptions(tmp_path))
    process = RecordedProcess("azurite", 12, 3.5, "2026-01-01T00:00:00+00:00", "azurite.log")
    write_stack_file(folder, StackFile(setup, process, (process, process)))
    return folder


def test_the_stack_file_is_read_as_it_was_written(folder):
    content = read_stack_file(folder)
    write_stack_file(folder, content)
    assert read_stack_file(folder) == content
    assert [process.pid for process in content.processes] == [12, 12]


def test_a_connection_has_what_a_client_needs_and_hides_the_secrets(folder):
    setup = read_stack_file(folder).setup
    credentials = ensure_credentials(folder.token_issuer, setup.tenant_id)
    connection = read_connection(folder.root)
    assert connection.management_url == f"http://127.0.0.1:{setup.port}"
    assert connection.scoring_url == f"http://127.0.0.1:{setup.port}/endpoints"
    assert connection.token_url == f"http://127.0.0.1:{setup.token_port}/{setup.tenant_id}/oauth2/v2.0/token"
    assert (connection.client_id, connection.client_secret) == (credentials.client_id, credentials.client_secret)
    assert (connection.subscription_id, connection.resource_group) == (setup.subscription_id, "local")
    assert credentials.client_secret not in repr(connection)


def test_a_folder_without_a_stack_is_refused_with_the_command_that_makes_one(tmp_path):
    with pytest.raises(NoStackError, match=f"bml local up --data-dir {tmp_path}"):
        read_connection(tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda setup: setup.pop("events_port"), "lacks events_port"),
        (lambda setup: setup.update(rack=7), "has rack"),
    ],
)
def test_a_stack_of_another_version_is_refused_with_what_to_do(folder, change, words):
    document = json.loads(folder.stack_file.read_text())
    change(document["setup"])
    folder.stack_file.write_text(json.dumps(document))
    with pytest.raises(OtherVersionError, match=rf"stack\.json \(it {words}\); .* delete"):
        read_connection(folder.root)


def test_a_stack_file_without_a_part_is_refused_by_the_file_name(folder):
    document = json.loads(folder.stack_file.read_text())
    del document["processes"]
    folder.stack_file.write_text(json.dumps(document))
    with pytest.raises(StackStateError, match=r"stack\.json"):
        read_connection(folder.root)
