"""Environments for jobs with an image of their own: the packages of the conda file, installed inside that image."""

import os
import shutil
import sys
from pathlib import Path

from scorer_container.node.environments import EnvironmentPreparationError
from scorer_container.node.environments.build_session import BuildSession
from scorer_container.node.environments.building import install_command
from scorer_container.node.environments.containers import IMAGES_OWN_PYTHON, Containers, EngineError
from scorer_container.node.environments.preparation import select_requirements
from scorer_container.node.environments.requirements import EnvironmentRequirements
from scorer_container.node.environments.store import EnvironmentStore
from scorer_container.node.environments.uv import reason, uv_environment, without_secrets
from shared.contracts.job_spec import JobSpec

_CERTIFICATES = "SSL_CERT_FILE"
_OF_UV = ("UV_", "PIP_", "HTTP", "http", "NO_PROXY", "no_proxy")


class ImageEnvironments:
    """Environments for images, by image and list of packages."""

    def __init__(self, agent: Path, cache: Path, session: BuildSession) -> None:
        """`cache` may be shared by several nodes of one machine."""
        self._containers = Containers(agent, session)
        self._cache = cache
        self._session = session
        self._log = session.log

    def prepare(self, spec: JobSpec, model: Path | None) -> tuple[str, Path]:
        """Return the image's id and the interpreter in it; raise EnvironmentPreparationError."""
        assert spec.environment is not None, "only jobs with an image come here"
        image = self._pulled(spec.environment.image)
        requirements = select_requirements(spec, model)
        if requirements is None:
            self._log("no packages are listed; scoring with the image's own Python")
            return image, IMAGES_OWN_PYTHON
        return image, self._built(image, spec.environment.image, requirements)

    def _pulled(self, image: str) -> str:
        self._log(f"pulling image {image}")
        try:
            return self._containers.pull(image)
        except EngineError as error:
            raise EnvironmentPreparationError(
                f"image {image} could not be pulled: {error}; mend the environment's image or the right of the "
                "machine's identity to pull it"
            ) from None

    def _built(self, image: str, name: str, requirements: EnvironmentRequirements) -> Path:
        minor = requirements.python.by_preference()[0] if requirements.python else sys.version_info.minor
        store = EnvironmentStore(self._cache / "environments", self._session)

        def build(folder: Path) -> None:
            self._log(f"building the environment inside image {name}")
            try:
                self._uv(image, folder, ["venv", *_VENV, f"3.{minor}", str(folder)])
                self._uv(image, folder, install_command(folder, requirements))
            except EngineError as error:
                lines = [without_secrets(line) for line in error.lines]
                raise EnvironmentPreparationError(
                    f"the environment could not be installed for Python 3.{minor} in image {name}: "
                    f"{reason(lines) or error}; mend its list of packages or the machine's access to the package index"
                ) from None

        return store.find_or_build(f"{requirements.key(minor)}-{image[:16]}", build)

    def _uv(self, image: str, folder: Path, arguments: list[str]) -> None:
        kept = {"UV_CACHE_DIR": _folder_of_uv("UV_CACHE_DIR", self._cache / "uv" / "cache")}
        kept["UV_PYTHON_INSTALL_DIR"] = pythons_folder(self._cache)
        for path in kept.values():
            path.mkdir(parents=True, exist_ok=True)
        own = uv_environment(os.environ)
        variables = {name: value for name, value in own.items() if name.startswith(_OF_UV)}
        variables |= {name: str(path) for name, path in kept.items()}
        variables |= {"HOME": str(folder), "NO_COLOR": "1", "UV_LINK_MODE": "copy"}
        if certificates := own.get(_CERTIFICATES):  # the image does not have the file
            variables[_CERTIFICATES] = str(shutil.copy(certificates, folder / "certificates.pem"))
        self._containers.install(
            image, ["--no-progress", *arguments], variables, [folder, *kept.values()], self._redacted
        )

    def _redacted(self, line: str) -> None:
        self._log(without_secrets(line))


def pythons_folder(cache: Path) -> Path:
    """Return the folder of the interpreters that uv fetches; environments point into it."""
    return _folder_of_uv("UV_PYTHON_INSTALL_DIR", cache / "uv" / "python")


def _folder_of_uv(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable) or default)


_VENV = ("--no-project", "--relocatable", "--allow-existing", "--managed-python", "--python")
"""A Python of uv's own: it runs in any image, which then need not have the right one."""
