"""`bml compute`."""

from cli.lazy_group import LazyCommand, LazyGroup

group = LazyGroup(
    "compute",
    {
        "create": LazyCommand("cli.commands.compute_verbs:create", "Create a cluster, or change its size."),
        "show": LazyCommand("cli.commands.compute_verbs:show", "A cluster and what its nodes do."),
        "list": LazyCommand("cli.commands.compute_verbs:list_computes", "All clusters."),
        "update": LazyCommand("cli.commands.compute_update:update", "Change sizes, idle time, tags."),
        "delete": LazyCommand("cli.commands.compute_verbs:delete", "Delete a cluster."),
    },
    help="Clusters that batch scoring jobs run on; they grow from zero and shrink back.",
)
