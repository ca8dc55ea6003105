"""Models, environments and data on this machine, checked and ready to be registered."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from cli.output.errors import InvalidInputError, NotFoundError
from cli.uploads.local_files import check_kept
from cli.yaml_files.asset_forms import DataFile, EnvironmentForm, ModelForm, without_file_prefix
from cli.yaml_files.document import KeyPath, YamlDocument
from cli.yaml_files.plain_text import write_yaml


@dataclass(frozen=True)
class LocalModel:
    """A model to register; a `place` with a scheme is somewhere else already."""

    place: str | Path
    """A path is uploaded first."""
    name: str
    """Empty: registered anonymously under a name made from its content."""
    version: str
    """Empty: the next one, or the one that has this content."""
    type: str = ""
    """`mlflow_model` or `custom_model`; empty: as the folder is."""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def is_mlflow(self) -> bool:
        """Whether it is a folder with an `MLmodel` on this machine."""
        return isinstance(self.place, Path) and (self.place / MLMODEL).is_file()

    @property
    def model_type(self) -> str:
        """`mlflow_model` or `custom_model`."""
        return self.type or ("mlflow_model" if self.is_mlflow else "custom_model")


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
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LocalData:
    """A data asset to register; a `place` with a scheme is somewhere else already."""

    place: str | Path
    """A path is uploaded first."""
    name: str
    version: str
    type: str = ""
    """`uri_file` or `uri_folder`; empty: as the path is, a folder for URIs that end with a slash."""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)


def local_model(document: YamlDocument, form: ModelForm, at: KeyPath, *, must_be_mlflow: bool) -> LocalModel:
    """The model at `at`; raises CliError unless its files are there, with an `MLmodel` where one is needed.

    Of a model at a URI the service sees to that.
    """
    keys = (*at, "path" if form.path else "local_path")
    kind = form.type or ""
    if "://" in form.folder:
        return _model(form, form.folder, kind or ("mlflow_model" if must_be_mlflow else ""))
    path = document.folder / form.folder
    model = _model(form, path, kind)
    if not path.exists():
        raise document.missing(keys, "the model", path)
    if (must_be_mlflow or form.type == "mlflow_model") and not model.is_mlflow:
        raise document.error(
            keys,
            f"{path} has no file `{MLMODEL}`, so it is not an MLflow model",
            hint="Name a folder with an MLmodel, or add `code_configuration` and `environment` to score by script",
        )
    if model.is_mlflow:
        with document.named_at(keys):
            check_mlflow_kept(path)
    return model


def _model(form: ModelForm, place: str | Path, kind: str) -> LocalModel:
    return LocalModel(
        place,
        form.name or "",
        form.version or "",
        kind,
        form.description or "",
        dict(form.tags),
        dict(form.properties),
    )


def local_environment(document: YamlDocument, form: EnvironmentForm, at: KeyPath) -> LocalEnvironment:
    """The environment at `at`, with the text of its conda file; raises CliError when that cannot be read."""
    return LocalEnvironment(
        name=form.name or "",
        version=form.version or "",
        image=form.image_name,
        conda_file=_conda_text(document, form, (*at, "conda_file")),
        description=form.description or "",
        tags=dict(form.tags),
        properties=dict(form.properties),
    )


def local_data(document: YamlDocument, form: DataFile) -> LocalData:
    """The data asset of a file; raises CliError when its path does not exist."""
    place: str | Path = form.place
    if "://" not in form.place:
        place = document.folder / form.place
        if not place.exists():
            raise document.missing(("path",), "the path", place)
    return LocalData(
        place,
        form.name or "",
        form.version or "",
        form.type or "",
        form.description or "",
        dict(form.tags),
        dict(form.properties),
    )


def _conda_text(document: YamlDocument, form: EnvironmentForm, keys: KeyPath) -> str:
    if isinstance(form.conda_file, dict):
        return write_yaml(form.conda_file)
    if not form.conda_file:
        return ""
    path = document.folder / without_file_prefix(form.path or "") / without_file_prefix(form.conda_file)
    if not path.is_file():
        raise document.missing(keys, "the file", path)
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = yaml.safe_load(text)
    except UnicodeDecodeError:
        raise document.error(keys, f"{path} is not UTF-8 text", hint="Save it as UTF-8") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise document.error(keys, f"{path} cannot be read as YAML: {error}") from None
    except RecursionError:
        raise document.error(keys, f"{path}: its lists and mappings are too deep") from None
    if not isinstance(content, dict) or "dependencies" not in content:
        raise document.error(keys, f"{path} is not a conda file: it has no `dependencies`")
    return text


MLMODEL = "MLmodel"


def check_mlflow_kept(folder: Path) -> None:
    """Raise InvalidInputError when the ignore file of `folder` leaves out `MLmodel`, or a file that it names."""
    for name in (MLMODEL, *_named_files(folder)):
        check_kept(folder, f"{name}/" if (folder / name).is_dir() else name, "the model's")


def _named_files(folder: Path) -> Iterator[str]:
    """Paths in `MLmodel` of files and folders that are there; nothing when it cannot be read: the service says why."""
    try:
        content = yaml.safe_load((folder / MLMODEL).read_bytes())
    except (OSError, ValueError, yaml.YAMLError):
        return
    for text in _texts(content):
        path = PurePosixPath(text)
        if text and not path.is_absolute() and ".." not in path.parts and _exists(folder / path):
            yield path.as_posix()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or with a NUL: some other text
        return False


def _texts(content: Any) -> Iterator[str]:
    """All texts in the content."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict | list):
        for part in content.values() if isinstance(content, dict) else content:
            yield from _texts(part)


REQUIRED = ("init", "run")


def check_scoring_script(code: Path, script: str) -> None:
    """Raise NotFoundError or InvalidInputError unless `script` in the folder `code` can be a scoring script."""
    path = code / script
    if not path.is_file():
        raise NotFoundError(
            f"the scoring script {script!r} is not in {code}", hint="`scoring_script` is relative to `code`"
        )
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        raise InvalidInputError(f"{path}, line {error.lineno}: not valid Python: {error.msg}") from None
    except ValueError as error:
        raise InvalidInputError(f"{path} is not Python source: {error}") from None
    defined = set(_names(tree.body))
    missing = [name for name in REQUIRED if name not in defined]
    if missing and "*" not in defined:
        raise InvalidInputError(
            f"{path} has no function {' and no function '.join(f'`{name}`' for name in missing)}",
            hint="A scoring script defines init() and run(mini_batch)",
        )


def _names(statements: list[ast.stmt]) -> Iterator[str]:
    """Names that a module binds at its top level, also inside `if` and `try`."""
    for statement in statements:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name for alias in names)
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.If(body=body, orelse=orelse):
                yield from _names([*body, *orelse])
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
                handled = [inner for handler in handlers for inner in handler.body]
                yield from _names([*body, *handled, *orelse, *finalbody])
            case ast.With(body=body):
                yield from _names(body)
