"""A deployment of a YAML file after all checks that need no service: what to upload, and what to send."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cli.deploy.local_assets import LocalEnvironment, LocalModel, local_environment, local_model
from cli.deploy.scoring_script import check_scoring_script
from cli.deploy.settings import wire_settings
from cli.uploads.ignore_file import check_kept
from cli.yaml_files.asset_forms import EnvironmentForm, ModelForm, without_file_prefix
from cli.yaml_files.deployment_form import CodeForm, DeploymentForm
from cli.yaml_files.document import KeyPath, YamlDocument


@dataclass(frozen=True)
class Code:
    """A folder of code with its script. A `str` is a reference to code that is registered, or the URI of a folder."""

    folder: Path | str
    scoring_script: str


@dataclass(frozen=True)
class DeploymentPlan:
    """What a deployment takes. A `str` is a reference to something registered."""

    name: str
    endpoint_name: str
    model: LocalModel | str
    code: Code | None
    environment: LocalEnvironment | str | None
    compute: str
    settings: dict[str, Any]
    """The members of the ARM properties that say how it scores."""
    description: str
    tags: dict[str, str]
    properties: dict[str, str]


def plan_deployment(
    document: YamlDocument, form: DeploymentForm, at: KeyPath = (), *, check_script: bool = True
) -> DeploymentPlan:
    """Check what the deployment at `at` names on this machine; raises CliError with file and line."""
    return _Planner(document, form, at, check_script).plan()


@dataclass(frozen=True)
class _Planner:
    document: YamlDocument
    form: DeploymentForm
    at: KeyPath
    check_script: bool

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
        no_code = self.form.code_configuration is None
        return local_model(self.document, given, (*self.at, "model"), must_be_mlflow=no_code)

    def _code(self, given: CodeForm) -> Code:
        keys = (*self.at, "code_configuration")
        if given.code.is_elsewhere:
            return Code(given.code.local_path, given.scoring_script)
        folder = self.document.folder / without_file_prefix(given.code.local_path)
        if not folder.is_dir():
            raise self.document.missing((*keys, "code"), "the folder", folder)
        with self.document.named_at((*keys, "scoring_script")):
            if self.check_script:
                check_scoring_script(folder, given.scoring_script)
            check_kept(folder, PurePosixPath(given.scoring_script).as_posix(), "the scoring script")
        return Code(folder, given.scoring_script)

    def _environment(self, given: EnvironmentForm) -> LocalEnvironment | str:
        if given.reference is not None:
            return given.reference
        return local_environment(self.document, given, (*self.at, "environment"))
