"""`bml batch-endpoint`: today's verbs; those that did not change since 2021 are the ones of `bml endpoint`."""

from cli.lazy_group import LazyCommand, LazyGroup

group = LazyGroup(
    "batch-endpoint",
    {
        "create": LazyCommand("cli.commands.endpoint_create:create", "Create an endpoint."),
        "show": LazyCommand("cli.commands.endpoint_show:show", "An endpoint, its deployments and scoring URI."),
        "list": LazyCommand("cli.commands.endpoint_show:list_endpoints", "All endpoints."),
        "update": LazyCommand("cli.commands.endpoint_update:update", "Change an endpoint or its default deployment."),
        "invoke": LazyCommand("cli.commands.batch_endpoint_invoke:invoke", "Start a batch scoring job."),
        "list-jobs": LazyCommand("cli.commands.endpoint_show:list_jobs", "The jobs of an endpoint."),
        "delete": LazyCommand("cli.commands.endpoint_delete:delete", "Delete an endpoint."),
    },
    help="Batch endpoints, with today's verbs of Azure ML.",
)
