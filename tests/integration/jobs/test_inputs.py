import pytest

from shared.contracts.job_spec import Location
from shared.errors import ValidationError
from shared.jobs.submission.inputs import find_input, list_page

pytestmark = pytest.mark.integration


def test_an_empty_folder_is_refused_with_its_address(account, make_job):
    with pytest.raises(ValidationError, match=r"/in does not exist or is an empty folder"):
        find_input(account, make_job().input)


def test_a_folder_that_holds_only_a_folder_marker_is_empty(account, container, make_job):
    account.blobs.get_container_client(container).upload_blob("in/", b"")
    with pytest.raises(ValidationError, match="empty folder"):
        find_input(account, make_job().input)


def listed_below(account, location):
    return list_page(account, find_input(account, location), None).paths


@pytest.fixture
def data_lake(account, container):
    """A container as an account with a hierarchical namespace shows it: with a blob for each folder."""
    client = account.blobs.get_container_client(container)
    for name in ("in", "in/sub", "in/empty"):
        client.upload_blob(name, b"", metadata={"hdi_isfolder": "true"})
    for name in ("in/b.csv", "in/sub/a.csv"):
        client.upload_blob(name, b"1\n", metadata={"owner": "x"})
    return client


def test_folders_of_a_data_lake_are_no_files(account, data_lake, make_job):
    folder = make_job().input
    assert find_input(account, folder).kind == "blob_folder"
    assert listed_below(account, folder) == ["b.csv", "sub/a.csv"]
    assert listed_below(account, folder.model_copy(update={"path": ""})) == ["in/b.csv", "in/sub/a.csv"]
    assert listed_below(account, folder.model_copy(update={"path": "in/b.csv"})) == ["b.csv"]


def test_a_folder_of_a_data_lake_that_holds_only_folders_is_empty(account, data_lake, make_job):
    data_lake.upload_blob("in/empty/inner", b"", metadata={"hdi_isfolder": "true"})
    with pytest.raises(ValidationError, match="empty folder"):
        find_input(account, make_job().input.model_copy(update={"path": "in/empty"}))


def test_a_container_that_does_not_exist_is_refused(account, make_job):
    missing = make_job().input.model_copy(update={"container": "nothing-here"})
    with pytest.raises(ValidationError, match="ContainerNotFound"):
        find_input(account, missing)


def test_a_private_container_is_not_read_anonymously(account, container, make_job):
    account.blobs.get_container_client(container).upload_blob("in/a.csv", b"1\n")
    with pytest.raises(ValidationError, match="or it is not public"):
        find_input(account, make_job().input.model_copy(update={"credential": "anonymous"}))


def test_a_url_without_an_answer_is_refused(account):
    with pytest.raises(ValidationError, match="cannot be reached"):
        find_input(account, Location(kind="url", url="http://127.0.0.1:9/x.csv"))
