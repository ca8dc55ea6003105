"""All commands of `bml`: groups, verbs, the module of each verb, and one line of help for each.

A verb's module is imported only when the verb runs, so that `bml --help` starts in under 0.4 s.
"""

from dataclasses import dataclass
from importlib import import_module

import click

from cli.output.verbosity import with_verbosity


@dataclass(frozen=True)
class LazyCommand:
    """A command that is not imported yet."""

    target: str
    """`module:attribute` of the click command. The module is one of `cli.commands`."""
    short_help: str

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.target.partition(":")
        command: click.Command = getattr(import_module(f"cli.commands.{module}"), attribute)
        return with_verbosity(command)


class LazyGroup(click.Group):
    """A group of LazyCommands and other LazyGroups."""

    def __init__(self, name: str, members: "dict[str, LazyCommand | LazyGroup]", *, help: str) -> None:  # noqa: A002 - click's own parameter name
        """Make a group that lists `members` in the given order."""
        super().__init__(
            name=name, help=help, short_help=help, context_settings={"help_option_names": ["-h", "--help"]}
        )
        self._members = members

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order in which people use them."""
        return list(self._members)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command."""
        member = self._members.get(cmd_name)
        return member.load() if isinstance(member, LazyCommand) else member

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments start with; raise click.UsageError with a suggestion."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from cli.output.errors import did_you_mean

            raise click.UsageError(" ".join([error.message, *did_you_mean(args[0], self._members)]), ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the members without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, member.short_help or "") for name, member in self._members.items()])


def _assets(name: str, a_version: str, help_text: str) -> LazyGroup:
    return LazyGroup(
        name,
        {
            "create": LazyCommand(f"assets:{name}_create", f"Register a version of {a_version}."),
            "show": LazyCommand(f"assets:{name}_show", "Show a version, by default the latest one."),
            "list": LazyCommand(f"assets:{name}_list", "List all of them, or the versions of one."),
            "update": LazyCommand(f"assets:{name}_update", "Change description, tags, properties."),
            "archive": LazyCommand(f"assets:{name}_archive", "Hide a version, or all versions, from lists."),
            "restore": LazyCommand(f"assets:{name}_restore", "Show archived versions in lists again."),
            "delete": LazyCommand(f"assets:{name}_delete", "Delete a version that nothing uses."),
        },
        help=help_text,
    )


bml = LazyGroup(
    "bml",
    {
        "endpoint": LazyGroup(
            "endpoint",
            {
                "create": LazyCommand("endpoints:create", "Create an endpoint from a YAML file."),
                "show": LazyCommand("endpoints:show", "Show an endpoint, its deployments and scoring URI."),
                "list": LazyCommand("endpoints:list_endpoints", "List all endpoints."),
                "update": LazyCommand("endpoints:update", "Add a deployment, or make another one active."),
                "invoke": LazyCommand("invoke:invoke", "Start a batch scoring job."),
                "list-jobs": LazyCommand("endpoints:list_jobs", "List the jobs of an endpoint."),
                "delete": LazyCommand("endpoints:delete", "Delete an endpoint, or one of its deployments."),
            },
            help="Batch endpoints: create one, invoke it, list its jobs.",
        ),
        "batch-endpoint": LazyGroup(
            "batch-endpoint",
            {
                "create": LazyCommand("endpoints:create", "Create an endpoint."),
                "show": LazyCommand("endpoints:show", "Show an endpoint, its deployments and scoring URI."),
                "list": LazyCommand("endpoints:list_endpoints", "List all endpoints."),
                "update": LazyCommand("endpoints:update", "Change an endpoint or its default deployment."),
                "invoke": LazyCommand("invoke:invoke_by_place", "Start a batch scoring job."),
                "list-jobs": LazyCommand("endpoints:list_jobs", "List the jobs of an endpoint."),
                "delete": LazyCommand("endpoints:delete", "Delete an endpoint."),
            },
            help="Batch endpoints, with today's verbs of Azure ML.",
        ),
        "batch-deployment": LazyGroup(
            "batch-deployment",
            {
                "create": LazyCommand("deployments:create", "Create a deployment from a YAML file."),
                "show": LazyCommand("deployments:show", "Show a deployment with all its settings."),
                "list": LazyCommand("deployments:list_deployments", "List the deployments of an endpoint."),
                "update": LazyCommand("deployments:update", "Change settings of a deployment."),
                "list-jobs": LazyCommand("deployments:list_jobs", "List the jobs of a deployment."),
                "delete": LazyCommand("deployments:delete", "Delete a deployment."),
            },
            help="Deployments, with today's verbs of Azure ML.",
        ),
        "job": LazyGroup(
            "job",
            {
                "show": LazyCommand("jobs:show", "Show a job: status, statistics, error, output."),
                "list": LazyCommand("jobs:list_jobs", "List the latest jobs."),
                "stream": LazyCommand("jobs:stream", "Follow a job: logs, progress, summary."),
                "cancel": LazyCommand("jobs:cancel", "Stop a job."),
                "update": LazyCommand("jobs:update", "Change description, tags, display name."),
                "archive": LazyCommand("jobs:archive", "Hide a job from lists."),
                "restore": LazyCommand("jobs:restore", "Show an archived job in lists again."),
                "download": LazyCommand("jobs:download", "Download output, failed items and logs."),
            },
            help="Batch scoring jobs: watch them and get their results.",
        ),
        "compute": LazyGroup(
            "compute",
            {
                "create": LazyCommand("computes:create", "Create a cluster, or change its size."),
                "show": LazyCommand("computes:show", "Show a cluster and what its nodes do."),
                "list": LazyCommand("computes:list_computes", "List all clusters."),
                "update": LazyCommand("computes:update", "Change sizes, idle time, tags."),
                "delete": LazyCommand("computes:delete", "Delete a cluster."),
            },
            help="Clusters that jobs run on; they grow and shrink.",
        ),
        "model": _assets("model", "a model", "Registered models."),
        "data": _assets("data", "data", "Registered data: files and folders by name."),
        "environment": _assets("environment", "an environment", "Registered environments of scoring scripts."),
        "datastore": LazyGroup(
            "datastore",
            {
                "create": LazyCommand("datastores:create", "Register a blob container."),
                "show": LazyCommand("datastores:show", "Show a datastore without its secret."),
                "list": LazyCommand("datastores:list_datastores", "List all datastores, the default one first."),
                "update": LazyCommand("datastores:update", "Change description and tags."),
                "delete": LazyCommand("datastores:delete", "Remove a datastore; its blobs stay."),
            },
            help="Registered blob containers.",
        ),
        "schedule": LazyGroup(
            "schedule",
            {
                "create": LazyCommand("schedules:create", "Create or replace a schedule."),
                "show": LazyCommand("schedules:show", "Show a schedule, its last job and its next time."),
                "list": LazyCommand("schedules:list_schedules", "List all schedules."),
                "enable": LazyCommand("schedules:enable", "Let a schedule start jobs from now on."),
                "disable": LazyCommand("schedules:disable", "Stop a schedule."),
                "delete": LazyCommand("schedules:delete", "Delete a schedule; its jobs stay."),
            },
            help="Invoke endpoints by the clock.",
        ),
        "trigger": LazyGroup(
            "trigger",
            {
                "create": LazyCommand("triggers:create", "Create or replace a trigger."),
                "update": LazyCommand("triggers:update", "Change a trigger."),
                "show": LazyCommand("triggers:show", "Show a trigger, its last job and its last problem."),
                "list": LazyCommand("triggers:list_triggers", "List all triggers."),
                "enable": LazyCommand("triggers:enable", "Let a trigger start jobs from now on."),
                "disable": LazyCommand("triggers:disable", "Stop a trigger."),
                "delete": LazyCommand("triggers:delete", "Delete a trigger; its jobs stay."),
            },
            help="Invoke endpoints when blobs arrive in a folder.",
        ),
        "webhook": LazyGroup(
            "webhook",
            {
                "show-secret": LazyCommand(
                    "workspaces:show_secret", "Show the secret with which a receiver checks signatures."
                )
            },
            help="Receivers that the service tells when jobs end.",
        ),
        "workspace": LazyGroup(
            "workspace",
            {
                "show": LazyCommand("workspaces:show", "Show the workspace."),
                "purge": LazyCommand("workspaces:purge", "Remove what is left of old jobs."),
            },
            help="The workspace that holds everything else.",
        ),
        "account": LazyGroup(
            "account",
            {
                "show": LazyCommand("account:show", "Show subscription, tenant and your identity."),
                "get-access-token": LazyCommand("account:get_access_token", "Print a bearer token for REST calls."),
            },
            help="Your identity, and access tokens for REST calls.",
        ),
        "local": LazyGroup(
            "local",
            {
                "up": LazyCommand("local_stack:up", "Start the service on this machine."),
                "down": LazyCommand("local_stack:down", "Stop it; its data stays."),
                "env": LazyCommand("local_stack:env", "Print variables for Azure's own clients."),
                "trace": LazyCommand("local_stack:trace", "Show where a job's time went."),
                "status": LazyCommand("local_stack:status", "Show its addresses and processes."),
            },
            help="The whole service on this machine: up, down, status.",
        ),
        "configure": LazyCommand("configure:configure", "Keep defaults for options."),
        "completion": LazyCommand("configure:completion", "Print the script with which a shell completes commands."),
        "version": LazyCommand("configure:version", "Show the version of bml."),
    },
    help="""Azure Machine Learning batch endpoints, self-hosted.

    Begin with `bml local up`, then `bml compute create` and `bml endpoint create`.""",
)
