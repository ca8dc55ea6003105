"""Blobs that users named or replaced: read as far as they go."""

import pytest
from azure.core.exceptions import ResourceNotFoundError

from shared.storage.blobs import read_start

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(("content", "start"), [(b"", b""), (b"ab", b"ab"), (b"abcd", b"abc")])
def test_the_start_of_a_blob_is_what_it_has(account, container, content, start):
    blob = account.blobs.get_blob_client(container, "any")
    blob.upload_blob(content, overwrite=True)
    assert read_start(blob, 3) == start


def test_a_blob_that_is_not_there_has_no_start(account, container):
    with pytest.raises(ResourceNotFoundError):
        read_start(account.blobs.get_blob_client(container, "nothing"), 3)
