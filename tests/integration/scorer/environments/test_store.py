import subprocess
import sys
from pathlib import Path

import pytest

from scorer_container.node.cache.room import FoldersInUse
from scorer_container.node.environments.build_session import BuildSession
from scorer_container.node.environments.store import EnvironmentStore

pytestmark = pytest.mark.integration

BUILD_FOREVER = """
import sys, threading
from pathlib import Path
from scorer_container.node.cache.room import FoldersInUse
from scorer_container.node.environments.build_session import BuildSession
from scorer_container.node.environments.store import EnvironmentStore

def build(folder):
    (folder / "half").touch()
    print("building", flush=True)
    threading.Event().wait()

session = BuildSession(print, FoldersInUse())
EnvironmentStore(Path(sys.argv[1]) / "environments", session).find_or_build("key", build)
"""


def store_at(cache: Path) -> EnvironmentStore:
    return EnvironmentStore(cache / "environments", BuildSession(print, FoldersInUse()))


def names(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "environments").iterdir())


def put_interpreter(folder: Path) -> None:
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(sys.executable)


def fail(_folder: Path) -> None:
    raise OSError("no space left")


def test_a_killed_build_leaves_no_half_environment_and_no_lock(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BUILD_FOREVER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == "building\n"
        builder.kill()
    store = store_at(tmp_path)
    assert store.find("key") is None
    assert store.find_or_build("key", put_interpreter) == tmp_path / "environments" / "key" / "bin" / "python"
    assert names(tmp_path) == ["key", "key.lock", "key.use"]


def test_a_failed_build_leaves_nothing_and_may_be_tried_again(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    with pytest.raises(OSError, match="no space left"):
        store.find_or_build("key", fail)
    assert names(tmp_path) == ["key.lock", "key.use"]
    assert store.find_or_build("key", put_interpreter).exists()


def test_an_environment_whose_python_is_gone_is_built_again(tmp_path: Path) -> None:
    store = store_at(tmp_path)
    interpreter = store.find_or_build("key", put_interpreter)
    interpreter.unlink()
    interpreter.symlink_to(tmp_path / "removed")
    assert store.find("key") is None
    assert store.find_or_build("key", put_interpreter).exists()
