"""`bml job`."""

from cli.lazy_group import LazyCommand, LazyGroup

group = LazyGroup(
    "job",
    {
        "show": LazyCommand("cli.commands.job_verbs:show", "A job: status, statistics, error, output."),
        "list": LazyCommand("cli.commands.job_verbs:list_jobs", "The latest jobs."),
        "stream": LazyCommand("cli.commands.job_verbs:stream", "Follow a job: logs, progress, summary."),
        "cancel": LazyCommand("cli.commands.job_verbs:cancel", "Stop a job."),
        "update": LazyCommand("cli.commands.job_changes:update", "Change description, tags, display name."),
        "archive": LazyCommand("cli.commands.job_changes:archive", "Hide a job from lists."),
        "restore": LazyCommand("cli.commands.job_changes:restore", "Show it in lists again."),
        "download": LazyCommand("cli.commands.job_verbs:download", "Fetch output, failed items and logs."),
    },
    help="Batch scoring jobs.",
)
