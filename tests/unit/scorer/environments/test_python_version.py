import pytest

from scorer_container.node.environments import EnvironmentPreparationError
from scorer_container.node.environments.python_version import PythonRequirement

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "minors"),
    [
        ("=3.8.5", (8,)),
        ("==3.7.7", (7,)),
        ("3.10", (10,)),
        ("=3.9.*", (9,)),
        (">=3.8,<3.11", (8, 9, 10)),
        (">=3.9.7,<3.11.*", (9, 10)),
        ("<=3.8", (7, 8)),
        ("=3.8.5=h7579374_1", (8,)),
    ],
)
def test_a_python_is_told_by_its_minor_version(text: str, minors: tuple[int, ...]) -> None:
    parsed = PythonRequirement.parse(text)
    assert parsed is not None
    assert parsed.minors == minors


@pytest.mark.parametrize("text", ["", "*", "=*"])
def test_no_version_means_any_python(text: str) -> None:
    assert PythonRequirement.parse(text) is None


def test_the_accepted_version_nearest_to_the_nodes_own_is_preferred() -> None:
    parsed = PythonRequirement.parse(">=3.8,<3.14")
    assert parsed is not None
    assert parsed.by_preference(own=11)[:3] == [11, 10, 12]
    assert parsed.by_preference(own=7)[0] == 8


@pytest.mark.parametrize("text", ["=3.6.13", "2.7", "=4.0"])
def test_a_python_that_scoring_processes_cannot_use_is_refused(text: str) -> None:
    with pytest.raises(EnvironmentPreparationError, match=r"scoring processes need Python 3\.7 or later"):
        PythonRequirement.parse(text)


def test_a_version_that_is_none_is_refused_with_an_example() -> None:
    with pytest.raises(
        EnvironmentPreparationError, match=r"'three' of the environment is not understood.*python=3\.10"
    ):
        PythonRequirement.parse("three")
