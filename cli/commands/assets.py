"""`bml model`, `bml data`, `bml environment` and `bml datastore`."""

from cli.lazy_group import LazyCommand, LazyGroup

_VERBS = "cli.commands.asset_verbs"
_CHANGES = "cli.commands.asset_changes"


def _group(name: str, plural: str, help_text: str) -> LazyGroup:
    return LazyGroup(
        name,
        {
            "create": LazyCommand(f"cli.commands.asset_create:create_{name}", f"Register a version of {plural}."),
            "show": LazyCommand(f"{_VERBS}:{name}_show", "A version; the latest one without --version."),
            "list": LazyCommand(f"{_VERBS}:{name}_list", "All of them, or the versions of one."),
            "update": LazyCommand(f"{_CHANGES}:{name}_update", "Change description, tags, properties."),
            "archive": LazyCommand(f"{_CHANGES}:{name}_archive", "Hide a version, or all, from lists."),
            "restore": LazyCommand(f"{_CHANGES}:{name}_restore", "Show it in lists again."),
            "delete": LazyCommand(f"{_VERBS}:{name}_delete", "Delete a version that nothing uses."),
        },
        help=help_text,
    )


model = _group("model", "a model", "Registered models.")
data = _group("data", "data", "Registered data: files and folders by name.")
environment = _group("environment", "an environment", "Registered environments of scoring scripts.")
datastore = LazyGroup(
    "datastore",
    {
        "create": LazyCommand("cli.commands.datastore_changes:create", "Register a blob container."),
        "show": LazyCommand(f"{_VERBS}:datastore_show", "A datastore, without its secret."),
        "list": LazyCommand(f"{_VERBS}:datastore_list", "All datastores, the default one first."),
        "update": LazyCommand("cli.commands.datastore_changes:update", "Change description and tags."),
        "delete": LazyCommand("cli.commands.datastore_changes:delete", "Forget a datastore; its blobs stay."),
    },
    help="Registered blob containers.",
)
