"""The manifest keeps every name that a blob may have."""

from unittest.mock import create_autospec

import pytest
from azure.storage.blob import ContainerClient

from shared.storage.manifest import ManifestReader, write_shard

pytestmark = pytest.mark.unit


def test_names_with_characters_that_end_lines_elsewhere_stay_whole():
    names = ["a\u2028b.csv", "\x85.csv", 'quoted "x".csv', "new\nline.csv", "ü.csv"]
    shards: dict[str, bytes] = {}
    container = create_autospec(ContainerClient)
    container.upload_blob.side_effect = lambda name, content, **_: shards.update({name: content})
    write_shard(container, "job", 0, names)
    assert ManifestReader(shards.__getitem__, "job").paths(0, len(names)) == names
