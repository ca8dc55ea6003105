"""The code of docs/azure-ai-ml.md runs as it stands there."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.compat.client_environment import client_python

pytestmark = pytest.mark.e2e

PAGE = Path(__file__).resolve().parents[2] / "docs" / "azure-ai-ml.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)


def run(code: str, variables: dict[str, str], folder: Path) -> str:
    done = subprocess.run(
        [client_python(), "-c", code], env=variables, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_leads_from_nothing_to_predictions(client_variables: dict[str, str], tmp_path: Path) -> None:
    printed = run(blocks("python")[0], client_variables, tmp_path)
    assert printed.strip().endswith(blocks("text")[0].strip())


def test_the_cloud_may_be_named_in_code(client_variables: dict[str, str], tmp_path: Path) -> None:
    unaware = {
        name: value
        for name, value in client_variables.items()
        if name not in {"AZUREML_CURRENT_CLOUD", "ARM_CLOUD_METADATA_URL"}
    }
    assert "workspaceblobstore" in run(blocks("python")[1], unaware, tmp_path)


def test_the_page_names_every_variable(client_variables: dict[str, str], secure_stack) -> None:
    from local.stack.environment import client_environment

    page = PAGE.read_text()
    assert [name for name in client_environment(Path(secure_stack.data_dir)) if f"`{name}`" not in page] == []
