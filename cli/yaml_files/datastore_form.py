"""The datastore in a YAML file: a blob container known by name."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from cli.yaml_files.form import FileForm, Form, Text, Variables


def _word(value: Any) -> Any:
    """`AzureBlob` (ARM) and `azure_blob` (YAML) are the same."""
    return {"azureblob": "azure_blob"}.get(value.lower(), value) if isinstance(value, str) else value


class CredentialsForm(Form):
    """`credentials:` how the container is opened; without them with the service's own identity."""

    account_key: str | None = Field(default=None, repr=False)
    sas_token: str | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _one_kind(self) -> "CredentialsForm":
        if bool(self.account_key) == bool(self.sas_token):
            raise ValueError("give either `account_key` or `sas_token`")
        return self


class DatastoreForm(FileForm):
    """A datastore file."""

    name: Text | None = None
    """May also be given as `--name`; the service checks it."""
    type: Annotated[Literal["azure_blob"], BeforeValidator(_word)] = "azure_blob"
    description: Text | None = None
    tags: Variables = Field(default_factory=dict)
    account_name: str
    container_name: str
    protocol: Literal["https", "http"] | None = None
    endpoint: str | None = None
    credentials: CredentialsForm | None = None
