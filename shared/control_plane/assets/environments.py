"""Versions of environments: an image, a conda file, or both."""

from typing import Any

from shared.contracts.bodies import ResourceBody, parse_model
from shared.contracts.resources import EnvironmentProperties
from shared.control_plane.assets.versions import put_version
from shared.control_plane.assets.yaml_text import read_yaml
from shared.control_plane.upsert import Change, Upserted
from shared.control_plane.workspace import Workspace
from shared.errors import ValidationError


def put_environment(
    workspace: Workspace, name: str, version: str, body: ResourceBody, change: Change
) -> Upserted[EnvironmentProperties]:
    """Create a version of an environment, or change its description, tags or archive flag.

    Raises ValidationError for a conda file that is none, ConflictError when the version exists with other content.
    """
    if any(key.lower() == "build" and value for key, value in body.properties.items()):
        raise ValidationError(
            "properties.build is not supported: name a ready image, and a condaFile for its packages",
            target="properties.build",
        )
    properties = parse_model(EnvironmentProperties, body.properties)
    if not properties.image and not properties.conda_file:
        raise ValidationError("an environment needs properties.image, properties.condaFile or both", target="image")
    _conda(properties.conda_file)
    return put_version(workspace.environments, name, version, properties, change, content=_content)


def _content(environment: EnvironmentProperties) -> object:
    return environment.image or "", _conda(environment.conda_file), environment.os_type


def _conda(text: str | None) -> Any:
    """What the conda file says, so that layout and comments do not count; raises ValidationError."""
    if not text:
        return None
    content = read_yaml(text, "properties.condaFile", "condaFile")
    if not isinstance(content, dict) or not isinstance(content.get("dependencies"), list):
        raise ValidationError("properties.condaFile must be YAML with a list 'dependencies'", target="condaFile")
    return content
