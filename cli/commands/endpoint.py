"""`bml endpoint`: the verbs of the seed."""

from cli.lazy_group import LazyCommand, LazyGroup

group = LazyGroup(
    "endpoint",
    {
        "create": LazyCommand("cli.commands.endpoint_create:create", "Create an endpoint from a YAML file."),
        "show": LazyCommand("cli.commands.endpoint_show:show", "An endpoint, its deployments and scoring URI."),
        "list": LazyCommand("cli.commands.endpoint_show:list_endpoints", "All endpoints."),
        "update": LazyCommand("cli.commands.endpoint_update:update", "Add a deployment, or make another one active."),
        "invoke": LazyCommand("cli.commands.endpoint_invoke:invoke", "Start a batch scoring job."),
        "list-jobs": LazyCommand("cli.commands.endpoint_show:list_jobs", "The jobs of an endpoint."),
        "delete": LazyCommand("cli.commands.endpoint_delete:delete", "Delete an endpoint, or one deployment of it."),
    },
    help="Batch endpoints: create one, score data with it, watch its jobs.",
)
