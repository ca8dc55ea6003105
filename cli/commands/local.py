"""`bml local`."""

from cli.lazy_group import LazyCommand, LazyGroup

group = LazyGroup(
    "local",
    {
        "up": LazyCommand("cli.commands.local_verbs:up", "Start the service on this machine."),
        "down": LazyCommand("cli.commands.local_verbs:down", "Stop it; its data stays."),
        "env": LazyCommand("cli.commands.local_verbs:env", "Variables for Azure's own clients."),
        "trace": LazyCommand("cli.commands.local_verbs:trace", "Where a job's time went."),
        "status": LazyCommand("cli.commands.local_verbs:status", "Its addresses and processes."),
    },
    help="The whole service on this machine, its data in one folder.",
)
