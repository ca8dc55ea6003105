"""Plans for an endpoint and its deployments. A plan is a YAML file that has passed all checks on this machine."""

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from cli.deploy.local_assets import LocalEnvironment, LocalModel, check_scoring_script, local_environment, local_model
from cli.deploy.property_changes import assign
from cli.output.errors import InvalidInputError, UsageError
from cli.uploads.local_files import check_kept
from cli.yaml_files.asset_forms import EnvironmentForm, ModelForm, without_file_prefix
from cli.yaml_files.deployment_form import CodeForm, DeploymentForm, wire_settings
from cli.yaml_files.document import KeyPath, YamlDocument, document_of, read_document
from cli.yaml_files.endpoint_form import EndpointForm
from cli.yaml_files.form import read_form


@dataclass(frozen=True)
class Code:
    """A folder of code with its script. A `str` is a reference to registered code, or the URI of a folder."""

    folder: Path | str
    scoring_script: str


@dataclass(frozen=True)
class DeploymentPlan:
    """A deployment to make. A `str` is a reference to a registered asset."""

    name: str
    endpoint_name: str
    model: LocalModel | str
    code: Code | None
    environment: LocalEnvironment | str | None
    compute: str
    settings: dict[str, Any]
    """The members of the ARM properties that control scoring."""
    description: str
    tags: dict[str, str]
    properties: dict[str, str]

    def check_endpoint(self, endpoint: str, file: Path | None, option: str) -> None:
        """Raise InvalidInputError if the file names another endpoint than `option` of the command."""
        if self.endpoint_name not in {"", endpoint}:
            raise InvalidInputError(
                f"{file} is for the endpoint {self.endpoint_name!r}, not for {endpoint!r}",
                hint=f"Change `endpoint_name` in the file, or {option}",
            )


def plan_deployment(
    document: YamlDocument, form: DeploymentForm, at: KeyPath = (), *, check_script: bool = True
) -> DeploymentPlan:
    """Check the local files of the deployment at `at`, and return its plan. Raise CliError with file and line."""
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


@dataclass(frozen=True)
class EndpointPlan:
    """An endpoint to make, with its deployments."""

    name: str
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    default_deployment: str | None = None
    deployments: tuple[DeploymentPlan, ...] = ()


def endpoint_plan(path: Path | None, name: str | None, assignments: tuple[str, ...] = ()) -> EndpointPlan:
    """Return the endpoint that a file, or only its name, describes. Raise CliError with file, line and key."""
    document = assign(document_of(path), assignments)
    form = read_form(EndpointForm, document)
    chosen = name or form.name
    if not chosen:
        raise UsageError("the endpoint has no name", hint="Give --name, or `name` in the file")
    at_list = isinstance(document.content.get("deployments"), list)
    deployments = tuple(
        plan_deployment(document, deployment, ("deployments", number if at_list else deployment.name))
        for number, deployment in enumerate(form.deployments)
    )
    plan = EndpointPlan(
        name=chosen,
        description=form.description or "",
        tags=dict(form.tags),
        properties=dict(form.properties),
        default_deployment=form.default_deployment,
        deployments=deployments,
    )
    _check_default(document, plan)
    return plan


def deployment_plan(
    path: Path, name: str | None = None, assignments: tuple[str, ...] = (), *, check_script: bool = True
) -> DeploymentPlan:
    """Return the deployment that a file describes. Raise CliError with file, line and key."""
    document = assign(read_document(path), assignments)
    if name:
        document.content["name"] = name
    return plan_deployment(document, read_form(DeploymentForm, document), check_script=check_script)


def _check_default(document: YamlDocument, plan: EndpointPlan) -> None:
    """Raise InvalidInputError if a file with deployments sends the traffic to one that it does not have."""
    names: list[Any] = [deployment.name for deployment in plan.deployments]
    default = plan.default_deployment
    if default and names and default not in names:
        keys = ("traffic", default) if document.content.get("traffic") else ("defaults", "deployment_name")
        raise document.error(
            keys, f"the deployment {default!r} is not in `deployments`", hint=f"The file has: {', '.join(names)}"
        )
