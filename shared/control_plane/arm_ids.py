"""Ids and references: how resources of the workspace are named in requests and answers.

Accepted everywhere: ARM ids (`/subscriptions/…`), the same behind `azureml:`, the long URI
`azureml://subscriptions/…/workspaces/W/…`, and the short forms `azureml:name:version` and `azureml:name@latest`.
"""

import re
from dataclasses import dataclass

from shared.contracts.names import ASSET_NAME, ASSET_VERSION, COMPUTE_NAME, DATASTORE_NAME
from shared.errors import ValidationError
from shared.settings import Settings

LATEST = "latest"
"""The only label that assets have."""

_IN_WORKSPACE = re.compile(
    r"(?:azureml:/?)?/subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)"
    r"(?:/providers/Microsoft\.MachineLearningServices)?/workspaces/(?P<workspace>[^/]+)/(?P<rest>.+)",
    re.IGNORECASE | re.DOTALL,
)
_SHORT = re.compile(
    r"(?:azureml:\s*)?(?P<name>[^:@/\s]+)(?::(?P<version>[^:@/\s]+)|@(?P<label>[^:@/\s]+))", re.IGNORECASE
)


@dataclass(frozen=True)
class AssetName:
    """An asset's name and one of its versions; `latest` stands for the newest."""

    name: str
    version: str


def resource_id(settings: Settings, *segments: str) -> str:
    """The ARM id of a resource, from alternating collections and names."""
    return "/".join((settings.workspace_id, *segments))


def below_workspace(settings: Settings, text: str, field: str) -> str | None:
    """What follows the workspace in an ARM id or long URI; None when `text` is neither.

    Raises ValidationError when it names another workspace or a registry.
    """
    if re.match(r"azureml://(registries|locations|jobs)/", text, re.IGNORECASE):
        raise ValidationError(f"{field} {text!r} is not supported: name a resource of this workspace", target=field)
    match = _IN_WORKSPACE.fullmatch(text)
    if match is None:
        return None
    named = (match["subscription"], match["group"], match["workspace"])
    served = (settings.subscription_id, settings.resource_group, settings.workspace)
    if [part.lower() for part in named] != [part.lower() for part in served]:
        raise ValidationError(
            f"{field} {text!r} belongs to another workspace; this one is {settings.workspace_id}", target=field
        )
    return match["rest"].rstrip("/")


def parse_asset(settings: Settings, text: str, collection: str, field: str) -> AssetName:
    """The name and version that a reference to an asset of `collection` means; raises ValidationError."""
    rest = below_workspace(settings, text.strip(), field)
    if rest is not None:
        match = re.fullmatch(rf"{collection}/([^/]+)/(versions|labels)/([^/]+)", rest, re.IGNORECASE)
        if match and (match[2].lower() == "versions" or match[3].lower() == LATEST):
            return _checked(match[1], match[3], text, field)
    elif match := _SHORT.fullmatch(text.strip()):
        if match["version"]:
            return _checked(match["name"], match["version"], text, field)
        if match["label"].lower() == LATEST:
            return _checked(match["name"], LATEST, text, field)
    raise ValidationError(
        f"{field} {text!r} is not valid: use azureml:<name>:<version>, azureml:<name>@latest "
        f"or an ARM id …/{collection}/<name>/versions/<version>",
        target=field,
    )


def parse_named(settings: Settings, text: str, collection: str, field: str) -> str:
    """The name that a reference to a compute or datastore means: `azureml:<name>`, `<name>` or its ARM id."""
    rest = below_workspace(settings, text.strip(), field)
    pattern = rf"{collection}/([^/]+)" if rest is not None else r"(?:azureml:\s*)?([^:@/\s]+)"
    match = re.fullmatch(pattern, rest if rest is not None else text.strip(), re.IGNORECASE)
    if match is None:
        raise ValidationError(
            f"{field} {text!r} is not valid: use azureml:<name> or an ARM id …/{collection}/<name>", target=field
        )
    rule = DATASTORE_NAME if collection == "datastores" else COMPUTE_NAME
    return rule.check_part(match[1], text, field)


def _checked(name: str, version: str, reference: str, field: str) -> AssetName:
    return AssetName(ASSET_NAME.check_part(name, reference, field), ASSET_VERSION.check_part(version, reference, field))
