"""What the update verbs change by single values, checked as files are."""

from typing import Any

from pydantic import Field, model_validator

from cli.yaml_files.endpoint_form import DefaultsForm
from cli.yaml_files.form import Form, Text, Variables


class DatastoreDescription(Form):
    """Of a datastore."""

    description: Text | None = None
    tags: Variables = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _what_is_there(cls, data: Any) -> Any:
        """What the resource does not have is not given."""
        return {key: value for key, value in data.items() if value is not None}


class Description(DatastoreDescription):
    """Of a version of an asset."""

    properties: Variables = Field(default_factory=dict)


class JobDescription(Description):
    """Of a job."""

    display_name: Text | None = None


class EndpointDescription(Description):
    """Of an endpoint, with its active deployment."""

    defaults: DefaultsForm | None = None
