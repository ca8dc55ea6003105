"""The properties that update verbs change one by one, checked like files."""

from typing import Any

from pydantic import Field, model_validator

from cli.yaml_files.endpoint_form import DefaultsForm
from cli.yaml_files.form import Form, Text, Variables


class DatastoreDescription(Form):
    """The properties of a datastore."""

    description: Text | None = None
    tags: Variables = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _what_is_there(cls, data: Any) -> Any:
        """Drop the properties that the resource does not have."""
        return {key: value for key, value in data.items() if value is not None}


class Description(DatastoreDescription):
    """The properties of a version of an asset."""

    properties: Variables = Field(default_factory=dict)


class JobDescription(Description):
    """The properties of a job."""

    display_name: Text | None = None


class EndpointDescription(Description):
    """The properties of an endpoint, with its active deployment."""

    defaults: DefaultsForm | None = None
