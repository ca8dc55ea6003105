import pytest

from scorer_container.node.environments import EnvironmentPreparationError
from scorer_container.node.environments.conda_file import CondaPackage

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("entry", "requirement"),
    [
        ("pandas", "pandas"),
        ("numpy=1.21", "numpy==1.21.*"),
        ("numpy=1.21.*", "numpy==1.21.*"),
        ("numpy==1.21.2", "numpy==1.21.2"),
        ("numpy=1.21.2=py38h20f2e39_0", "numpy==1.21.2"),
        ("numpy 1.21.2 py38h20f2e39_0", "numpy==1.21.2"),
        ("numpy 1.21.*", "numpy==1.21.*"),
        ("numpy >= 1.20, <2", "numpy<2,>=1.20"),
        ("numpy<2.0.*", "numpy<2.0"),
        ("numpy!=1.22.0", "numpy!=1.22.0"),
        ("numpy=*", "numpy"),
        ("scikit-learn=0.22.2.post1", "scikit-learn==0.22.2.post1"),
        ("conda-forge::Scikit-Learn=1.0", "scikit-learn==1.0.*"),
        ("pytorch=1.13", "torch==1.13.*"),
        ("librosa=0.10", "librosa==0.10.*"),
    ],
)
def test_an_entry_asks_pypi_for_the_same(entry: str, requirement: str) -> None:
    package = CondaPackage.parse(entry)
    assert not package.is_conda_only
    assert package.as_requirement() == requirement


@pytest.mark.parametrize("entry", ["cudatoolkit=11.3", "mkl", "libgcc", "libgcc-ng=9.3.0", "_openmp_mutex", "r-dplyr"])
def test_what_is_no_python_package_is_known(entry: str) -> None:
    assert CondaPackage.parse(entry).is_conda_only


@pytest.mark.parametrize("entry", ["numpy[version='>=1.2']", "numpy=1.8|1.9", "=1.2", "numpy=one two"])
def test_an_entry_that_is_not_understood_is_refused_with_an_example(entry: str) -> None:
    with pytest.raises(EnvironmentPreparationError, match=r"is not understood: write e\.g\. numpy"):
        CondaPackage.parse(entry).as_requirement()
