"""`bml schedule`."""

from cli.lazy_group import LazyCommand, LazyGroup

group = LazyGroup(
    "schedule",
    {
        "create": LazyCommand("cli.commands.schedule_create:create", "Make or replace a schedule."),
        "show": LazyCommand("cli.commands.schedule_verbs:show", "Show a schedule, its last job and its next time."),
        "list": LazyCommand("cli.commands.schedule_verbs:list_schedules", "List all schedules."),
        "enable": LazyCommand("cli.commands.schedule_verbs:enable", "Let a schedule go on from now."),
        "disable": LazyCommand("cli.commands.schedule_verbs:disable", "Stop a schedule."),
        "delete": LazyCommand("cli.commands.schedule_verbs:delete", "Delete a schedule; its jobs stay."),
    },
    help="Invoke endpoints by the clock.",
)
