"""The settings of a job: the deployment's, with those of the invocation merged over them."""

from typing import Any

from shared.contracts.bodies import parse_model, seconds_of
from shared.contracts.invoke import InvokeProperties, JobOutput, JobOutputType
from shared.contracts.names import OUTPUT_FILE_NAME
from shared.contracts.resources import DeploymentProperties
from shared.contracts.settings import ScoringSettings
from shared.errors import ValidationError


def merged_settings(settings: ScoringSettings, body: InvokeProperties, max_instances: int) -> ScoringSettings:
    """The settings that the job runs with; raises ValidationError that names the override and what it may be."""
    timeout = body.retry_settings.timeout
    overrides: dict[str, Any] = {
        "mini_batch_size": body.mini_batch_size,
        "instance_count": body.compute.instance_count,
        "max_concurrency_per_instance": body.max_concurrency_per_instance,
        "output_action": body.output_action,
        "output_file_name": output_file_name(body),
        "max_retries": body.retry_settings.max_retries,
        "timeout_seconds": seconds_of(timeout, "retrySettings.timeout") if timeout else None,
        "init_timeout_seconds": seconds_of(body.init_timeout, "initTimeout") if body.init_timeout else None,
        "error_threshold": body.error_threshold,
        "logging_level": body.logging_level,
    }
    given = {name: value for name, value in overrides.items() if value is not None}
    merged = parse_model(ScoringSettings, {**settings.model_dump(), **given})
    if merged.instance_count > max_instances:
        raise ValidationError(
            f"compute.instanceCount {merged.instance_count} is not valid: the compute has at most {max_instances} "
            "instances",
            target="compute.instanceCount",
        )
    OUTPUT_FILE_NAME.check(merged.output_file_name)
    return merged


def output_file_name(body: InvokeProperties) -> str | None:
    """The output file's name as the body gives it: by itself, or as the last part of an output URI."""
    if body.output_file_name:
        return body.output_file_name
    output = placed_output(body)
    return (output.file_name or None) if output else None


def asks_for_a_file(body: InvokeProperties) -> bool:
    """Whether the output is to be one file: by its URI, or by a name beside the output's place."""
    outputs = body.output_data.values()
    return any(
        bool(output.file_name or (not output.uri and body.output_file_name))
        for output in outputs
        if output.job_output_type is JobOutputType.URI_FILE
    )


def placed_output(body: InvokeProperties) -> JobOutput | None:
    """The one output that a model deployment has, if its place is given as a URI; raises ValidationError."""
    if len(body.output_data) > 1:
        raise ValidationError(
            f"outputData has {len(body.output_data)} entries; a model deployment has one output", target="outputData"
        )
    return next((output for output in body.output_data.values() if output.uri), None)


def scoring_settings(properties: DeploymentProperties) -> ScoringSettings:
    """The settings of a job without overrides; raises ValidationError for a value out of range."""
    values = {
        "mini_batch_size": properties.mini_batch_size,
        "instance_count": properties.resources.instance_count,
        "max_concurrency_per_instance": properties.max_concurrency_per_instance,
        "output_action": properties.output_action,
        "output_file_name": properties.output_file_name,
        "max_retries": properties.retry_settings.max_retries,
        "timeout_seconds": seconds_of(properties.retry_settings.timeout, "retrySettings.timeout"),
        "init_timeout_seconds": seconds_of(properties.init_timeout, "initTimeout"),
        "error_threshold": properties.error_threshold,
        "logging_level": properties.logging_level,
    }
    return parse_model(ScoringSettings, values)
