"""`bml model`, `bml data`, `bml environment` and `bml datastore`."""

from cli.lazy_group import LazyCommand, LazyGroup

_VERBS = "cli.commands.assets"
_CHANGES = "cli.commands.assets"


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
        "create": LazyCommand("cli.commands.datastores:create", "Register a blob container."),
        "show": LazyCommand("cli.commands.datastores:datastore_show", "A datastore, without its secret."),
        "list": LazyCommand("cli.commands.datastores:datastore_list", "All datastores, the default one first."),
        "update": LazyCommand("cli.commands.datastores:update", "Change description and tags."),
        "delete": LazyCommand("cli.commands.datastores:delete", "Forget a datastore; its blobs stay."),
    },
    help="Registered blob containers.",
)

account_group = LazyGroup(
    "account",
    {
        "show": LazyCommand("cli.commands.account:show", "Subscription, tenant and who you are."),
        "get-access-token": LazyCommand("cli.commands.account:get_access_token", "A bearer token for REST calls."),
    },
    help="Who you are, and access tokens.",
)

_DEPLOYMENT_VERBS = "cli.commands.deployments"

batch_deployment_group = LazyGroup(
    "batch-deployment",
    {
        "create": LazyCommand("cli.commands.deployments:create", "Create a deployment from a YAML file."),
        "show": LazyCommand(f"{_DEPLOYMENT_VERBS}:show", "A deployment with all its settings."),
        "list": LazyCommand(f"{_DEPLOYMENT_VERBS}:list_deployments", "The deployments of an endpoint."),
        "update": LazyCommand("cli.commands.deployments:update", "Change settings of a deployment."),
        "list-jobs": LazyCommand(f"{_DEPLOYMENT_VERBS}:list_jobs", "The jobs of a deployment."),
        "delete": LazyCommand(f"{_DEPLOYMENT_VERBS}:delete", "Delete a deployment."),
    },
    help="Deployments of batch endpoints, with today's verbs of Azure ML.",
)

batch_endpoint_group = LazyGroup(
    "batch-endpoint",
    {
        "create": LazyCommand("cli.commands.endpoints:create", "Create an endpoint."),
        "show": LazyCommand("cli.commands.endpoints:show", "An endpoint, its deployments and scoring URI."),
        "list": LazyCommand("cli.commands.endpoints:list_endpoints", "All endpoints."),
        "update": LazyCommand("cli.commands.endpoints:update", "Change an endpoint or its default deployment."),
        "invoke": LazyCommand("cli.commands.invoke:invoke_by_place", "Start a batch scoring job."),
        "list-jobs": LazyCommand("cli.commands.endpoints:list_jobs", "The jobs of an endpoint."),
        "delete": LazyCommand("cli.commands.endpoints:delete", "Delete an endpoint."),
    },
    help="Batch endpoints, with today's verbs of Azure ML.",
)

compute_group = LazyGroup(
    "compute",
    {
        "create": LazyCommand("cli.commands.computes:create", "Create a cluster, or change its size."),
        "show": LazyCommand("cli.commands.computes:show", "A cluster and what its nodes do."),
        "list": LazyCommand("cli.commands.computes:list_computes", "All clusters."),
        "update": LazyCommand("cli.commands.computes:update", "Change sizes, idle time, tags."),
        "delete": LazyCommand("cli.commands.computes:delete", "Delete a cluster."),
    },
    help="Clusters that batch scoring jobs run on; they grow from zero and shrink back.",
)

endpoint_group = LazyGroup(
    "endpoint",
    {
        "create": LazyCommand("cli.commands.endpoints:create", "Create an endpoint from a YAML file."),
        "show": LazyCommand("cli.commands.endpoints:show", "An endpoint, its deployments and scoring URI."),
        "list": LazyCommand("cli.commands.endpoints:list_endpoints", "All endpoints."),
        "update": LazyCommand("cli.commands.endpoints:update", "Add a deployment, or make another one active."),
        "invoke": LazyCommand("cli.commands.invoke:invoke", "Start a batch scoring job."),
        "list-jobs": LazyCommand("cli.commands.endpoints:list_jobs", "The jobs of an endpoint."),
        "delete": LazyCommand("cli.commands.endpoints:delete", "Delete an endpoint, or one deployment of it."),
    },
    help="Batch endpoints: create one, score data with it, watch its jobs.",
)

job_group = LazyGroup(
    "job",
    {
        "show": LazyCommand("cli.commands.jobs:show", "A job: status, statistics, error, output."),
        "list": LazyCommand("cli.commands.jobs:list_jobs", "The latest jobs."),
        "stream": LazyCommand("cli.commands.jobs:stream", "Follow a job: logs, progress, summary."),
        "cancel": LazyCommand("cli.commands.jobs:cancel", "Stop a job."),
        "update": LazyCommand("cli.commands.jobs:update", "Change description, tags, display name."),
        "archive": LazyCommand("cli.commands.jobs:archive", "Hide a job from lists."),
        "restore": LazyCommand("cli.commands.jobs:restore", "Show it in lists again."),
        "download": LazyCommand("cli.commands.jobs:download", "Fetch output, failed items and logs."),
    },
    help="Batch scoring jobs.",
)

local_group = LazyGroup(
    "local",
    {
        "up": LazyCommand("cli.commands.local_stack:up", "Start the service on this machine."),
        "down": LazyCommand("cli.commands.local_stack:down", "Stop it; its data stays."),
        "env": LazyCommand("cli.commands.local_stack:env", "Variables for Azure's own clients."),
        "trace": LazyCommand("cli.commands.local_stack:trace", "Where a job's time went."),
        "status": LazyCommand("cli.commands.local_stack:status", "Its addresses and processes."),
    },
    help="The whole service on this machine, its data in one folder.",
)

schedule_group = LazyGroup(
    "schedule",
    {
        "create": LazyCommand("cli.commands.schedules:create", "Make or replace a schedule."),
        "show": LazyCommand("cli.commands.schedules:show", "Show a schedule, its last job and its next time."),
        "list": LazyCommand("cli.commands.schedules:list_schedules", "List all schedules."),
        "enable": LazyCommand("cli.commands.schedules:enable", "Let a schedule go on from now."),
        "disable": LazyCommand("cli.commands.schedules:disable", "Stop a schedule."),
        "delete": LazyCommand("cli.commands.schedules:delete", "Delete a schedule; its jobs stay."),
    },
    help="Invoke endpoints by the clock.",
)

trigger_group = LazyGroup(
    "trigger",
    {
        "create": LazyCommand("cli.commands.triggers:create", "Make or replace a trigger."),
        "update": LazyCommand("cli.commands.triggers:update", "Change a trigger."),
        "show": LazyCommand("cli.commands.triggers:show", "Show a trigger, its last job and its last problem."),
        "list": LazyCommand("cli.commands.triggers:list_triggers", "List all triggers."),
        "enable": LazyCommand("cli.commands.triggers:enable", "Let a trigger go on from now."),
        "disable": LazyCommand("cli.commands.triggers:disable", "Stop a trigger."),
        "delete": LazyCommand("cli.commands.triggers:delete", "Delete a trigger; its jobs stay."),
    },
    help="Invoke endpoints when blobs arrive in a folder.",
)

webhook_group = LazyGroup(
    "webhook",
    {"show-secret": LazyCommand("cli.commands.workspaces:show_secret", "What a receiver checks signatures with.")},
    help="Who is told of the end of jobs.",
)

workspace_group = LazyGroup(
    "workspace",
    {
        "show": LazyCommand("cli.commands.workspaces:show", "The workspace."),
        "purge": LazyCommand("cli.commands.workspaces:purge", "Remove what is left of old jobs."),
    },
    help="The workspace that everything is in.",
)
