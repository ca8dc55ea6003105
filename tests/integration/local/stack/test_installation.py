import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.azurite.installation import ensure_installed, find_node
from local.errors import AzuriteInstallError

pytestmark = pytest.mark.integration


@pytest.fixture
def package(tmp_path):
    """An npm package whose one dependency is a folder beside it: npm needs no registry for it."""
    (tmp_path / "dependency").mkdir()
    (tmp_path / "dependency" / "package.json").write_text(json.dumps({"name": "dependency", "version": "1.0.0"}))
    folder = tmp_path / "package"
    folder.mkdir()
    me = {"name": "me", "version": "1.0.0", "dependencies": {"dependency": "file:../dependency"}}
    (folder / "package.json").write_text(json.dumps(me))
    lock = {
        **{"name": "me", "version": "1.0.0", "lockfileVersion": 3, "requires": True},
        "packages": {
            "": me,
            "../dependency": {"version": "1.0.0"},
            "node_modules/dependency": {"resolved": "../dependency", "link": True},
        },
    }
    (folder / "package-lock.json").write_text(json.dumps(lock))
    return folder


def test_two_at_once_install_once_and_later_calls_do_nothing(package):
    with ThreadPoolExecutor(2) as pool:
        folders = list(pool.map(lambda _: ensure_installed(find_node(), package), range(2)))
    assert folders == [package / "node_modules"] * 2
    assert (folders[0] / "dependency" / "package.json").exists()
    mark = folders[0] / "mark"  # npm ci would remove it
    mark.touch()
    ensure_installed(find_node(), package)
    assert mark.exists()


def test_another_lock_file_is_installed_anew(package):
    mark = ensure_installed(find_node(), package) / "mark"
    mark.touch()
    lock = package / "package-lock.json"
    lock.write_text(lock.read_text() + "\n")
    ensure_installed(find_node(), package)
    assert not mark.exists()


def test_a_failure_ends_with_what_npm_said(package):
    (package / "package-lock.json").write_text("{}")
    with pytest.raises(AzuriteInstallError, match="npm error"):
        ensure_installed(find_node(), package)
    assert not (package / "node_modules" / ".installed-from").exists()
