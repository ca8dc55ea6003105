from pathlib import Path

import pytest

from scorer_container.node.environments import EnvironmentPreparationError
from scorer_container.node.environments.model_folder import read_model_environment

pytestmark = pytest.mark.unit

MODELS = Path(__file__).parents[3] / "data" / "models"
CONDA = "dependencies: [python=3.8, scipy=1.10, pip, {pip: [mlflow, numpy==1.20]}]"


def model(folder: Path, env: str = "conda.yaml", **files: str) -> Path:
    (folder / "MLmodel").write_text(f"flavors: {{python_function: {{env: {env}, python_version: 3.9.1}}}}")
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def test_the_seeds_model_names_a_file_that_it_brings_under_another_ending() -> None:
    found = read_model_environment(MODELS / "autolog_nyc_taxi")
    assert found is not None
    assert found.python is not None
    assert found.python.text == "3.7.7"
    assert found.packages == ("scikit-learn==0.22.2.post1", "mlflow", "cloudpickle==1.6.0")


def test_python_env_comes_first_with_its_build_packages_kept_apart() -> None:
    found = read_model_environment(MODELS / "nyc-taxi-fare-mlflow")
    assert found is not None
    assert found.python is not None
    assert found.python.text == "3.8.14"
    assert "scikit-learn==1.2.2" in found.packages
    assert found.build_packages == ("pip==22.0.4", "setuptools==57.5.0", "wheel==0.37.1")


def test_the_virtualenv_file_that_mlmodel_names_wins(tmp_path: Path) -> None:
    folder = model(
        tmp_path,
        env="{conda: conda.yaml, virtualenv: mine.yaml}",
        conda__yaml=CONDA,
        mine__yaml="python: '3.10'\ndependencies: [numpy==1.22]",
        python_env__yaml="python: 3.9.1\ndependencies: [numpy==1.21]",
    )
    found = read_model_environment(folder)
    assert found is not None
    assert found.python is not None
    assert found.python.text == "3.10"
    assert "numpy==1.22" in found.packages


def test_requirements_win_over_the_pip_list_but_conda_packages_stay(tmp_path: Path) -> None:
    found = read_model_environment(model(tmp_path, conda__yaml=CONDA, requirements__txt="numpy==1.21\nmlflow==2.1\n"))
    assert found is not None
    assert found.python is not None
    assert found.python.text == "3.8"
    assert found.packages == ("numpy==1.21", "mlflow==2.1", "scipy==1.10.*")


def test_requirements_alone_take_the_python_that_logged_the_model(tmp_path: Path) -> None:
    found = read_model_environment(model(tmp_path, requirements__txt="numpy\n"))
    assert found is not None
    assert found.python is not None
    assert found.python.minors == (9,)


def test_a_model_without_environment_files_asks_for_none(tmp_path: Path) -> None:
    assert read_model_environment(model(tmp_path)) is None


def test_a_folder_without_mlmodel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentPreparationError, match="has no file `MLmodel`"):
        read_model_environment(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
@pytest.mark.parametrize("name", ["MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt"])
def test_a_file_in_another_encoding_is_named(name: str, encoding: str, tmp_path: Path) -> None:
    model(tmp_path)
    text = (tmp_path / name).read_text() if name == "MLmodel" else "dependencies: [numpy]\n"
    (tmp_path / name).write_bytes(f"{text}# ü\n".encode(encoding))
    with pytest.raises(EnvironmentPreparationError, match=f"{name}.* is not UTF-8 text"):
        read_model_environment(tmp_path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (model(tmp_path) / "conda.yaml").write_text("dependencies: [numpy]\n", encoding="utf-8-sig")
    found = read_model_environment(tmp_path)
    assert found is not None
    assert found.packages == ("numpy",)
