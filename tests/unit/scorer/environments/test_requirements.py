import sys

import pytest

from scorer_container.node.environments.python_version import PythonRequirement
from scorer_container.node.environments.requirements import EnvironmentRequirements
from scorer_container.node.environments.satisfaction import unmet_by_own_interpreter

pytestmark = pytest.mark.unit


def wants(*packages: str, python: str = "", constraints: tuple[str, ...] = ()) -> EnvironmentRequirements:
    return EnvironmentRequirements(python=PythonRequirement.parse(python), packages=packages, constraints=constraints)


def test_the_key_ignores_order_and_spelling() -> None:
    assert wants("Scikit_Learn == 1.2", "numpy<2,>=1").key(9) == wants("numpy>=1,<2", "scikit-learn==1.2").key(9)


def test_the_key_tells_versions_pythons_and_constraints_apart() -> None:
    keys = {
        wants("numpy==1").key(9),
        wants("numpy==2").key(9),
        wants("numpy==1").key(10),
        wants("numpy==1", constraints=("six<2",)).key(9),
    }
    assert len(keys) == 4


@pytest.mark.parametrize(
    "line",
    [
        "packaging",
        "Packaging>=20",
        "numpy; python_version < '3'",
        "PyJWT[crypto]",
    ],
)
def test_what_is_installed_satisfies(line: str) -> None:
    assert unmet_by_own_interpreter(wants(line)) is None


def test_the_own_python_satisfies_any_patch_of_its_minor_version() -> None:
    own = f"=3.{sys.version_info.minor}.99"
    assert unmet_by_own_interpreter(EnvironmentRequirements(python=PythonRequirement.parse(own))) is None


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("packaging==19.0", "packaging==19.0 is asked for and the node has"),
        ("no-such-distribution-here", "the node has none"),
        ("packaging[no-such-extra] @ https://example.org/packaging.whl", "by its address"),
        ("packaging --hash=sha256:00", "by its address or hash"),
        ("https://example.org/packaging.whl", "by its address"),
    ],
)
def test_what_is_missing_is_named(line: str, says: str) -> None:
    assert says in str(unmet_by_own_interpreter(wants(line)))


def test_a_constraint_counts_for_what_is_installed() -> None:
    assert "is a constraint" in str(unmet_by_own_interpreter(wants(constraints=("packaging<19",))))
    assert unmet_by_own_interpreter(wants(constraints=("no-such-distribution-here<1",))) is None


def test_another_python_is_named() -> None:
    assert unmet_by_own_interpreter(wants(python="=3.7.7")) == (
        f"Python 3.7.7 is asked for and the node has 3.{sys.version_info.minor}"
    )
