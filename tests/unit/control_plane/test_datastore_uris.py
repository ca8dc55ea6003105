from __future__ import annotations

import pytest

from shared.control_plane.datastore_uris import without_file_name

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("uri", "folder"),
    [
        ("azureml://datastores/d/paths/a/b.csv", "azureml://datastores/d/paths/a"),
        ("azureml://datastores/d/paths/a.b/c", "azureml://datastores/d/paths/a.b/c"),
        ("azureml://datastores/d/paths/a.b/", "azureml://datastores/d/paths/a.b/"),
        ("b.csv", "b.csv"),
        ("/" + "." * 1_000_000 + "/", "/" + "." * 1_000_000 + "/"),
    ],
)
def test_a_last_part_with_a_dot_is_the_files_name(uri: str, folder: str) -> None:
    assert without_file_name(uri) == folder
