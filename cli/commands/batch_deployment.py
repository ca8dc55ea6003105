"""`bml batch-deployment`."""

from cli.lazy_group import LazyCommand, LazyGroup

_VERBS = "cli.commands.batch_deployment_verbs"

group = LazyGroup(
    "batch-deployment",
    {
        "create": LazyCommand("cli.commands.batch_deployment_create:create", "Create a deployment from a YAML file."),
        "show": LazyCommand(f"{_VERBS}:show", "A deployment with all its settings."),
        "list": LazyCommand(f"{_VERBS}:list_deployments", "The deployments of an endpoint."),
        "update": LazyCommand("cli.commands.batch_deployment_update:update", "Change settings of a deployment."),
        "list-jobs": LazyCommand(f"{_VERBS}:list_jobs", "The jobs of a deployment."),
        "delete": LazyCommand(f"{_VERBS}:delete", "Delete a deployment."),
    },
    help="Deployments of batch endpoints, with today's verbs of Azure ML.",
)
