"""`bml workspace`."""

from cli.lazy_group import LazyCommand, LazyGroup

group = LazyGroup(
    "workspace",
    {
        "show": LazyCommand("cli.commands.workspace_verbs:show", "The workspace."),
        "purge": LazyCommand("cli.commands.workspace_verbs:purge", "Remove what is left of old jobs."),
    },
    help="The workspace that everything is in.",
)
