"""Uploads and registers models, code, environments and data, and undoes that after a failure."""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from cli.api.workspace import Resource, Workspace
from cli.deploy.local_assets import LocalData, LocalEnvironment, LocalModel
from cli.deploy.plan import Code
from cli.output.errors import CliError, ConflictError
from cli.uploads.datastore import DEFAULT_DATASTORE, upload_to_datastore
from cli.uploads.local_files import LocalFiles, local_files

HASH_VERSION = "202208"
"""The version of the content hash that the API's look-up by hash expects."""

_DESCRIBING = ("description", "tags", "properties")

ONLY_VERSION = "1"
"""The version of an asset whose name is made from its content."""


class UndoJournal:
    """Undoes all its steps, the newest first, if an exception leaves its `with` block."""

    def __init__(self) -> None:
        """Start with an empty journal."""
        self._steps: list[tuple[str, Callable[[], None]]] = []

    def made(self, what: str, undo: Callable[[], None]) -> None:
        """Note that the command made `what`, and how to undo it."""
        self._steps.append((what, undo))

    def __enter__(self) -> "UndoJournal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        left = self._undo_all()
        if left and isinstance(error, CliError):
            error.hint = f"{error.hint}. These could not be removed again: {', '.join(left)}".lstrip(". ")

    def _undo_all(self) -> list[str]:
        left = []
        for what, undo in reversed(self._steps):
            try:
                undo()
            except CliError:
                left.append(what)
        return left


@dataclass(frozen=True)
class Assets:
    """Registers assets. The journal gets everything that it makes."""

    workspace: Workspace
    journal: UndoJournal

    def model(self, model: LocalModel, datastore: str = DEFAULT_DATASTORE) -> str:
        """Register a model and return its id. A model on this machine is uploaded to `datastore`."""
        uri = model.place if isinstance(model.place, str) else self._uploaded(model.place, datastore)[0]
        properties = {
            "modelType": model.model_type,
            "modelUri": self._long_uri(uri),
            "description": model.description,
            "tags": model.tags,
            "properties": model.properties,
            "isAnonymous": not model.name,
        }
        return self._register("models", model.name or _anonymous(uri), model.version, properties, "modelUri")

    def environment(self, environment: LocalEnvironment) -> str:
        """Register an environment and return its id."""
        properties = {
            "image": environment.image,
            "condaFile": environment.conda_file or None,
            "osType": "Linux",
            "description": environment.description,
            "tags": environment.tags,
            "properties": environment.properties,
            "isAnonymous": not environment.name,
        }
        name = environment.name or _anonymous(f"{environment.image}\0{environment.conda_file}")
        return self._register("environments", name, environment.version, properties, "image", "condaFile")

    def data(self, data: LocalData, datastore: str = DEFAULT_DATASTORE) -> str:
        """Register a data asset and return its id. Without a name, its name is made from its content."""
        uri, kind = (data.place, data.type) if isinstance(data.place, str) else self._uploaded(data.place, datastore)
        properties = {
            "dataUri": uri,
            "dataType": data.type or kind or ("uri_folder" if uri.endswith("/") else "uri_file"),
            "description": data.description,
            "tags": data.tags,
            "properties": data.properties,
            "isAnonymous": not data.name,
        }
        return self._register("data", data.name or _anonymous(uri), data.version, properties, "dataUri", "dataType")

    def code(self, code: Code) -> str:
        """Register code and return its id. Code on this machine is uploaded, the same content only once."""
        if isinstance(code.folder, str):
            return self._code_at(code.folder) if "://" in code.folder else code.folder
        files = local_files(code.folder)
        files.tell_left_out()
        content_hash = files.content_hash()
        name = str(uuid.uuid4())
        known = self.workspace.list(f"codes/{name}/versions", hash=content_hash, hashVersion=HASH_VERSION)
        if found := next(known, None):
            return str(found["id"])
        return self._upload_code(files, name, content_hash)

    def _code_at(self, uri: str) -> str:
        """Register code in a folder that is already in storage, and return its id."""
        name = _anonymous(uri)
        return self._register("codes", name, ONLY_VERSION, {"codeUri": uri, "isAnonymous": True}, "codeUri")

    def _uploaded(self, path: Path, datastore: str) -> tuple[str, str]:
        files = local_files(path)
        files.tell_left_out()
        kind = "uri_folder" if files.is_folder else "uri_file"
        return upload_to_datastore(self.workspace, files, datastore).uri, kind

    def _upload_code(self, files: LocalFiles, name: str, content_hash: str) -> str:
        from cli.uploads.container import Container

        path = f"codes/{name}/versions/1"
        pending = self.workspace.post(f"{path}/startPendingUpload", {"pendingUploadType": "TemporaryBlobReference"})
        reference = pending["blobReferenceForConsumption"]
        url, _, sas = reference["credential"]["sasUri"].partition("?")
        Container(url, sas).upload(files, f"{files.name}/", f"Uploading {files.name}")
        properties = {
            "codeUri": f"{reference['blobUri'].rstrip('/')}/{files.name}",
            "isAnonymous": True,
            "properties": {"hash_sha256": content_hash, "hash_version": HASH_VERSION},
        }
        created = self.workspace.put(path, {"properties": properties})
        self.journal.made(f"code {name}", lambda: self.workspace.delete(path))
        return str(created["id"])

    def _register(self, kind: str, name: str, version: str, properties: dict[str, Any], *content: str) -> str:
        """Register a version, or find an existing one with the same `content` members."""
        if not version:
            anonymous = properties["isAnonymous"]
            version = ONLY_VERSION if anonymous else self._version_with(kind, name, properties, content)
        path = f"{kind}/{name}/versions/{version}"
        if there := self.workspace.find(path):
            if not _same(there, properties, content):
                raise ConflictError(
                    f"{name}:{version} is registered in {kind} with other content",
                    hint="Raise `version` in the YAML file, or leave it out to get the next one",
                )
            self._describe(path, there, properties)
            return str(there["id"])
        given = {member: value for member, value in properties.items() if value not in (None, "", {})}
        created = self.workspace.put(path, {"properties": given})
        self.journal.made(f"{kind} {name}:{version}", lambda: self.workspace.delete(path))
        return str(created["id"])

    def _describe(self, path: str, there: Resource, properties: dict[str, Any]) -> None:
        """Set the given description, tags and properties of a version. Those that are not given stay."""
        before = there["properties"]
        given = {member: properties[member] for member in _DESCRIBING if properties.get(member)}
        if any(before.get(member) != value for member, value in given.items()):
            self.workspace.put(path, {"properties": before | given})
            self.journal.made(f"the former state of {path}", lambda: self._restore_description(path, before))

    def _restore_description(self, path: str, before: dict[str, Any]) -> None:
        self.workspace.put(path, {"properties": before})

    def _version_with(self, kind: str, name: str, properties: dict[str, Any], content: tuple[str, ...]) -> str:
        """Return the latest version if it has this content, or else the next one."""
        container = self.workspace.find(f"{kind}/{name}")
        if container is None:
            return "1"
        latest = container["properties"]["latestVersion"]
        there = self.workspace.find(f"{kind}/{name}/versions/{latest}")
        if there and _same(there, properties, content):
            return str(latest)
        return str(container["properties"]["nextVersion"])

    def _long_uri(self, short: str) -> str:
        """Return the long form of a URI, which the official client sends for models."""
        connection = self.workspace.connection
        if not short.startswith("azureml://datastores/"):
            return short
        return short.replace(
            "azureml://",
            f"azureml://subscriptions/{connection.subscription}/resourceGroups/{connection.resource_group}"
            f"/workspaces/{connection.workspace}/",
        )


def _same(there: Resource, properties: dict[str, Any], content: tuple[str, ...]) -> bool:
    return all((there["properties"].get(member) or None) == (properties[member] or None) for member in content)


def _anonymous(content: str) -> str:
    """Return a name for an asset without one. The same content has the same name."""
    return f"azureml_anonymous_{hashlib.sha256(content.encode()).hexdigest()[:32]}"
