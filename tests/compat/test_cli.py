"""`bml` itself with a service that speaks TLS."""

import shlex
import subprocess
from pathlib import Path

import pytest

from local.stack.environment import client_environment
from local.stack.inspection import StackStatus
from tests.e2e.user import User

pytestmark = pytest.mark.e2e


@pytest.fixture
def user(secure_stack: StackStatus, tmp_path: Path) -> User:
    return User(Path(secure_stack.data_dir), tmp_path)


def test_bml_trusts_the_service_without_being_told(user: User, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    user.write("numbers/one.csv", "1")
    job = user.invoke(endpoint, "--input-local-path", "numbers")
    assert user.run("job", "stream", "--name", job).returncode == 0
    assert user.output(job) == "one.csv\n"


def test_a_shell_takes_the_variables_of_bml_local_env(user: User) -> None:
    lines = user.run("local", "env").stdout
    done = subprocess.run(
        ["/bin/sh", "-c", f"eval {shlex.quote(lines)}; echo $BML_STORAGE_SUFFIX $AZURE_CLIENT_SECRET"],
        capture_output=True,
        text=True,
        check=True,
    )
    expected = client_environment(user.data_dir)
    assert done.stdout.split() == [expected["BML_STORAGE_SUFFIX"], expected["AZURE_CLIENT_SECRET"]]
