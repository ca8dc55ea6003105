"""`bml trigger`."""

from cli.lazy_group import LazyCommand, LazyGroup

group = LazyGroup(
    "trigger",
    {
        "create": LazyCommand("cli.commands.trigger_changes:create", "Make or replace a trigger."),
        "update": LazyCommand("cli.commands.trigger_changes:update", "Change a trigger."),
        "show": LazyCommand("cli.commands.trigger_verbs:show", "Show a trigger, its last job and its last problem."),
        "list": LazyCommand("cli.commands.trigger_verbs:list_triggers", "List all triggers."),
        "enable": LazyCommand("cli.commands.trigger_verbs:enable", "Let a trigger go on from now."),
        "disable": LazyCommand("cli.commands.trigger_verbs:disable", "Stop a trigger."),
        "delete": LazyCommand("cli.commands.trigger_verbs:delete", "Delete a trigger; its jobs stay."),
    },
    help="Invoke endpoints when blobs arrive in a folder.",
)
