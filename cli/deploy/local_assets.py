"""Models, environments, data and scoring scripts on this machine, checked before anything is uploaded."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from cli.output.errors import InvalidInputError, NotFoundError
from cli.uploads.local_files import check_kept
from cli.yaml_files.asset_forms import DataFile, EnvironmentForm, ModelForm, without_file_prefix
from cli.yaml_files.document import KeyPath, YamlDocument
from cli.yaml_files.plain_text import read_yaml, write_yaml
from shared.contracts.python_script import STAR, defined_names


@dataclass(frozen=True)
class LocalModel:
    """A model to register."""

    place: str | Path
    """A path, which is uploaded first, or a URI of files that are already in storage."""
    name: str
    """Empty: the model is anonymous, with a name made from its content."""
    version: str
    """Empty: the next version, or the existing one with this content."""
    type: str = ""
    """`mlflow_model` or `custom_model`. Empty: `mlflow_model` if the folder has an `MLmodel`."""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def is_mlflow(self) -> bool:
        """True for a folder on this machine that has an `MLmodel`."""
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
    """A data asset to register."""

    place: str | Path
    """A path, which is uploaded first, or a URI of files that are already in storage."""
    name: str
    version: str
    type: str = ""
    """`uri_file` or `uri_folder`. Empty: the kind of the path, or for a URI a folder if it ends with a slash."""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)


def local_model(document: YamlDocument, form: ModelForm, at: KeyPath, *, must_be_mlflow: bool) -> LocalModel:
    """Return the model at `at`; raise CliError if its files, or the `MLmodel` that it needs, are missing.

    The service checks a model at a URI.
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
    """Return the environment at `at` with the text of its conda file. Raise CliError if the file cannot be read."""
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
    """Return the data asset of a file. Raise CliError if its path does not exist."""
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
        content = read_yaml(text)
    except UnicodeDecodeError:
        raise document.error(keys, f"{path} is not UTF-8 text", hint="Save it as UTF-8") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise document.error(keys, f"{path} cannot be read as YAML: {error}") from None
    except RecursionError:
        raise document.error(keys, f"{path}: its lists and mappings are nested too deeply") from None
    if not isinstance(content, dict) or "dependencies" not in content:
        raise document.error(keys, f"{path} is not a conda file: it has no `dependencies`")
    return text


MLMODEL = "MLmodel"


def check_mlflow_kept(folder: Path) -> None:
    """Raise InvalidInputError if the ignore file of `folder` leaves out `MLmodel`, or a file that `MLmodel` names."""
    for name in (MLMODEL, *_named_files(folder)):
        check_kept(folder, f"{name}/" if (folder / name).is_dir() else name, "the model's")


def _named_files(folder: Path) -> Iterator[str]:
    """Yield the existing files and folders that `MLmodel` names. The service reports an unreadable `MLmodel`."""
    try:
        texts = [*_texts(read_yaml((folder / MLMODEL).read_text(encoding="utf-8-sig")))]
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return
    for text in texts:
        path = PurePosixPath(text)
        if text and not path.is_absolute() and ".." not in path.parts and _exists(folder / path):
            yield path.as_posix()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # the text is too long for a path, or has a NUL
        return False


def _texts(content: Any) -> Iterator[str]:
    """Yield all texts in the content."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict | list):
        for part in content.values() if isinstance(content, dict) else content:
            yield from _texts(part)


REQUIRED = ("init", "run")


def check_scoring_script(code: Path, script: str) -> None:
    """Raise NotFoundError or InvalidInputError if `script` in the folder `code` cannot be a scoring script."""
    path = code / script
    if not path.is_file():
        raise NotFoundError(
            f"the scoring script {script!r} is not in {code}", hint="`scoring_script` is relative to `code`"
        )
    try:
        defined = defined_names(path.read_bytes(), str(path))
    except SyntaxError as error:
        raise InvalidInputError(f"{path}, line {error.lineno}: not valid Python: {error.msg}") from None
    except ValueError as error:
        raise InvalidInputError(f"{path} is not Python source: {error}") from None
    missing = [name for name in REQUIRED if name not in defined]
    if missing and STAR not in defined:
        raise InvalidInputError(
            f"{path} has no function {' and no function '.join(f'`{name}`' for name in missing)}",
            hint="A scoring script defines init() and run(mini_batch)",
        )
