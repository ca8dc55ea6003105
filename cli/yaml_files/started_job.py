"""What YAML files of schedules and triggers share: the jobs that they start."""

from pydantic import Field

from cli.yaml_files.deployment_form import SettingKeys
from cli.yaml_files.form import FileForm, Text, Variables
from cli.yaml_files.invocation_form import OutputForm
from cli.yaml_files.names import DeploymentName, EndpointName


class StartedJobForm(FileForm):
    """The endpoint, and what its jobs do otherwise than the deployment says."""

    description: Text | None = None
    enabled: bool = True
    endpoint: EndpointName
    deployment: DeploymentName | None = None
    output: OutputForm | None = None
    settings: SettingKeys = SettingKeys()
    tags: Variables = Field(default_factory=dict)
    webhooks: dict[str, str] = Field(default_factory=dict)
