from pathlib import Path

import pytest

from scorer_container.node.environments import EnvironmentPreparationError
from scorer_container.node.environments.conda_file import parse_conda_file

pytestmark = pytest.mark.unit

SEED = """
channels: [defaults, conda-forge]
dependencies:
- python=3.7.7
- scikit-learn=0.22.2.post1
- pip
- pip:
  - mlflow
  - cloudpickle==1.6.0
name: mlflow-env
"""


def test_conda_and_pip_packages_are_both_taken() -> None:
    requirements = parse_conda_file(SEED, "conda.yaml")
    assert requirements.python is not None
    assert requirements.python.minors == (7,)
    assert requirements.packages == ("scikit-learn==0.22.2.post1", "mlflow", "cloudpickle==1.6.0")
    assert requirements.build_packages == ()


def test_python_3_10_is_not_read_as_the_number_3_1() -> None:
    requirements = parse_conda_file("dependencies:\n- python=3.10\n- pip<=22.0.4\n", "conda.yaml")
    assert requirements.python is not None
    assert requirements.python.text == "3.10"
    assert requirements.packages == ()
    assert requirements.build_packages == ("pip<=22.0.4",)


def test_indexes_and_files_of_the_pip_list_are_followed(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy==1.26.4  # pinned\n-c limits.txt\n\npandas>=2 \\\n  ,<3\n")
    (tmp_path / "limits.txt").write_text("six<2\n")
    text = "dependencies:\n- pip:\n  - --extra-index-url=https://example.org/simple\n  - -r requirements.txt\n"
    requirements = parse_conda_file(text, "conda.yaml", tmp_path)
    assert requirements.packages == ("numpy==1.26.4", "pandas>=2 ,<3")
    assert requirements.constraints == ("six<2",)
    assert requirements.options == ("--extra-index-url https://example.org/simple",)


@pytest.mark.parametrize(
    ("dependencies", "message"),
    [
        ("[python=3.8, mkl, cudatoolkit=11, numpy]", r"packages that only conda has \(cudatoolkit, mkl\): leave them"),
        ("numpy", "`dependencies` of conda.yaml must be a list of packages"),
        ("[{npm: [left-pad]}]", "must be a package or `pip:` with a list"),
        ("[{pip: ['-e .']}]", "the option '-e' .* is not supported"),
        ("[{pip: ['--trusted-host example.org']}]", "the option '--trusted-host' .* is not supported"),
        ("[{pip: ['-r requirements.txt']}]", "'requirements.txt', but only the text of its conda file is kept"),
        ("[{pip: ['wheels/mine.whl']}]", "neither a package nor a file of the model's folder"),
        ("[numpy", "conda.yaml is not valid YAML"),
    ],
)
def test_what_cannot_be_followed_is_refused_by_name(dependencies: str, message: str) -> None:
    with pytest.raises(EnvironmentPreparationError, match=message) as caught:
        parse_conda_file(f"dependencies: {dependencies}", "conda.yaml")
    assert "\n" not in str(caught.value)


def test_files_outside_the_models_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("numpy\n")
    folder = tmp_path / "model"
    folder.mkdir()
    with pytest.raises(EnvironmentPreparationError, match="outside the model's folder"):
        parse_conda_file("dependencies: [{pip: ['-r ../secret.txt']}]", "conda.yaml", folder)


def test_a_file_that_includes_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("-r a.txt\n")
    with pytest.raises(EnvironmentPreparationError, match=r"'a.txt' of the environment includes itself"):
        parse_conda_file("dependencies: [{pip: [-r a.txt]}]", "conda.yaml", tmp_path)
