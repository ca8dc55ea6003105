"""A deployment of a YAML file after all checks that need no service: what to upload, and what to send."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cli.deploy.scoring_script import check_scoring_script
from cli.deploy.settings import wire_settings
from cli.errors import CliError
from cli.yaml_files.deployment_form import CodeForm, DeploymentForm, EnvironmentForm, ModelForm, without_file_prefix
from cli.yaml_files.document import KeyPath, YamlDocument

MLMODEL = "MLmodel"


@dataclass(frozen=True)
class LocalModel:
    """A model to upload and register."""

    path: Path
    name: str
    """Empty: registered anonymously under a name made from its content."""
    version: str
    """Empty: the next one, or the one that has this content."""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def is_mlflow(self) -> bool:
        """Whether it is a folder with an `MLmodel`."""
        return (self.path / MLMODEL).is_file()


@dataclass(frozen=True)
class LocalCode:
    """A folder of code to upload."""

    folder: Path
    scoring_script: str


@dataclass(frozen=True)
class LocalEnvironment:
    """An environment to register."""

    name: str
    version: str
    image: str
    conda_file: str
    """YAML text, or empty."""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DeploymentPlan:
    """What a deployment takes. A `str` is a reference to something registered."""

    name: str
    endpoint_name: str
    model: LocalModel | str
    code: LocalCode | None
    environment: LocalEnvironment | str | None
    compute: str
    settings: dict[str, Any]
    """The members of the ARM properties that say how it scores."""
    description: str
    tags: dict[str, str]
    properties: dict[str, str]


def plan_deployment(document: YamlDocument, form: DeploymentForm, at: KeyPath = ()) -> DeploymentPlan:
    """Check what the deployment at `at` names on this machine; raises CliError with file and line."""
    return _Planner(document, form, at).plan()


@dataclass(frozen=True)
class _Planner:
    document: YamlDocument
    form: DeploymentForm
    at: KeyPath

    def plan(self) -> DeploymentPlan:
        form = self.form
        return DeploymentPlan(
            name=form.name,
            endpoint_name=form.endpoint_name or "",
            model=self._model(form.model),
            code=self._code(form.code_configuration) if form.code_configuration else None,
            environment=self._environment(form.environment) if form.environment else None,
            compute=form.compute.target,
            settings=wire_settings(form),
            description=form.description or "",
            tags=dict(form.tags),
            properties=dict(form.properties),
        )

    def _model(self, given: ModelForm) -> LocalModel | str:
        if given.reference is not None:
            return given.reference
        keys = (*self.at, "model", "path" if given.path else "local_path")
        model = LocalModel(
            self._path(given.folder), given.name or "", given.version or "", given.description or "", dict(given.tags)
        )
        if not model.path.exists():
            raise self.document.missing(keys, "the model", model.path)
        must_be_mlflow = self.form.code_configuration is None or given.type == "mlflow_model"
        if must_be_mlflow and not model.is_mlflow:
            raise self.document.error(
                keys,
                f"{model.path} has no file `{MLMODEL}`, so it is not an MLflow model",
                mend="Name a folder with an MLmodel, or add `code_configuration` and `environment` to score by script",
            )
        return model

    def _code(self, given: CodeForm) -> LocalCode:
        keys = (*self.at, "code_configuration")
        folder = self._path(given.code.local_path)
        if not folder.is_dir():
            raise self.document.missing((*keys, "code"), "the folder", folder)
        try:
            check_scoring_script(folder, given.scoring_script)
        except CliError as error:
            error.message = f"{self.document.where(*keys, 'scoring_script')}: {error.message}"
            raise
        return LocalCode(folder, given.scoring_script)

    def _environment(self, given: EnvironmentForm) -> LocalEnvironment | str:
        if given.reference is not None:
            return given.reference
        return LocalEnvironment(
            name=given.name or "",
            version=given.version or "",
            image=given.image_name,
            conda_file=self._conda_text(given),
            description=given.description or "",
            tags=dict(given.tags),
        )

    def _conda_text(self, given: EnvironmentForm) -> str:
        if isinstance(given.conda_file, dict):
            return yaml.safe_dump(given.conda_file, sort_keys=False)
        if not given.conda_file:
            return ""
        keys = (*self.at, "environment", "conda_file")
        path = self._path(given.path or "") / without_file_prefix(given.conda_file)
        if not path.is_file():
            raise self.document.missing(keys, "the file", path)
        try:
            text = path.read_text(encoding="utf-8")
            content = yaml.safe_load(text)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise self.document.error(keys, f"{path} cannot be read as YAML: {error}") from None
        if not isinstance(content, dict) or "dependencies" not in content:
            raise self.document.error(keys, f"{path} is not a conda file: it has no `dependencies`")
        return text

    def _path(self, given: str) -> Path:
        return self.document.folder / without_file_prefix(given)
