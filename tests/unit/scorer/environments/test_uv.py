import pytest

from scorer_container.node.environments.uv import reason, uv_environment, without_secrets

pytestmark = pytest.mark.unit

UNSATISFIABLE = """Using Python 3.7.16 environment at: v37
error: No solution found when resolving dependencies
  cause: Because there is no version of scikit-learn==99 and you require
         scikit-learn==99, we can conclude that your requirements are unsatisfiable.
"""
UNSATISFIABLE_AS_DRAWN = """  \N{MULTIPLICATION SIGN} No solution found when resolving dependencies:
  ╰─▶ Because there is no version of scikit-learn==99 and you require
      scikit-learn==99, we can conclude that your requirements are unsatisfiable.
"""
BUILD = """error: Failed to build `mysqlclient==2.0.3`
  cause: The build backend returned an error
  cause: Call to `setuptools.build_meta:__legacy__.get_requires_for_build_wheel` failed (exit status: 1)

         [stderr]
         Traceback (most recent call last):
           File "<string>", line 14, in <module>
         OSError: mysql_config not found

hint: Build failures usually indicate a problem with the package or the build environment
"""


@pytest.mark.parametrize("output", [UNSATISFIABLE, UNSATISFIABLE_AS_DRAWN])
def test_a_resolution_that_fails_is_told_in_one_line(output: str) -> None:
    assert reason(output.splitlines()) == (
        "No solution found when resolving dependencies: Because there is no version of scikit-learn==99 and you "
        "require scikit-learn==99"
    )


def test_a_build_that_fails_ends_with_what_it_printed_last() -> None:
    assert reason(BUILD.splitlines()) == (
        "Failed to build `mysqlclient==2.0.3`: The build backend returned an error: OSError: mysql_config not found"
    )


def test_passwords_of_an_index_are_left_out() -> None:
    assert without_secrets("at https://user:secret@example.org/simple") == "at https://example.org/simple"


def test_storage_credentials_do_not_reach_package_builds() -> None:
    passed = uv_environment({"AzureWebJobsStorage": "secret", "AZURE_CLIENT_SECRET": "secret", "PATH": "/bin"})
    assert "secret" not in passed.values()
    assert passed["PATH"] == "/bin"


def test_pips_configuration_serves_uv_unless_uv_has_its_own() -> None:
    pip = {"PIP_INDEX_URL": "https://one", "PIP_EXTRA_INDEX_URL": "https://two  https://three", "PIP_FIND_LINKS": "a b"}
    passed = uv_environment({**pip, "UV_DEFAULT_INDEX": "https://mine"})
    assert passed["UV_DEFAULT_INDEX"] == "https://mine"
    assert passed["UV_INDEX"] == "https://two https://three"
    assert passed["UV_FIND_LINKS"] == "a,b"
