"""The scoring settings that a deployment's properties mean."""

from shared.contracts.durations import seconds_of
from shared.contracts.parsing import parse_model
from shared.contracts.resources import DeploymentProperties
from shared.contracts.settings import ScoringSettings


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
