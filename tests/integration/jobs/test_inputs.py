import pytest

from shared.contracts.locations import Location
from shared.errors import ValidationError
from shared.jobs.inputs import find_input

pytestmark = pytest.mark.integration


def test_an_empty_folder_is_refused_with_its_address(account, make_job):
    with pytest.raises(ValidationError, match=r"/in does not exist or is an empty folder"):
        find_input(account, make_job().input)


def test_a_folder_that_holds_only_a_folder_marker_is_empty(account, container, make_job):
    account.blobs.get_container_client(container).upload_blob("in/", b"")
    with pytest.raises(ValidationError, match="empty folder"):
        find_input(account, make_job().input)


def test_a_container_that_does_not_exist_is_refused(account, make_job):
    missing = make_job().input.model_copy(update={"container": "nothing-here"})
    with pytest.raises(ValidationError, match="ContainerNotFound"):
        find_input(account, missing)


def test_a_private_container_is_not_read_anonymously(account, container, make_job):
    account.blobs.get_container_client(container).upload_blob("in/a.csv", b"1\n")
    with pytest.raises(ValidationError, match="or it is not public"):
        find_input(account, make_job().input.model_copy(update={"credential": "anonymous"}))


def test_a_url_that_nobody_answers_is_refused(account):
    with pytest.raises(ValidationError, match="cannot be reached"):
        find_input(account, Location(kind="url", url="http://127.0.0.1:9/x.csv"))
