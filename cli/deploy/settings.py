"""Settings of scoring as the management API spells them."""

from typing import Any

from cli.yaml_files.deployment_form import DeploymentForm, RetryForm
from shared.contracts.durations import duration_text

_PLAIN = {
    "mini_batch_size": "miniBatchSize",
    "max_concurrency_per_instance": "maxConcurrencyPerInstance",
    "output_file_name": "outputFileName",
    "error_threshold": "errorThreshold",
    "environment_variables": "environmentVariables",
}
_OUTPUT_ACTIONS = {"append_row": "AppendRow", "summary_only": "SummaryOnly"}


def wire_settings(form: DeploymentForm) -> dict[str, Any]:
    """The settings that the file gives; the service fills in the others."""
    wire = {name: form.setting(key) for key, name in _PLAIN.items()}
    if action := form.setting("output_action"):
        wire["outputAction"] = _OUTPUT_ACTIONS[action]
    if level := form.setting("logging_level"):
        wire["loggingLevel"] = level.capitalize()
    if (count := form.setting("instance_count")) is not None:
        wire["resources"] = {"instanceCount": count}
    if retry := form.setting("retry_settings"):
        wire["retrySettings"] = _retry(retry)
    if limit := form.setting("init_timeout"):
        wire["initTimeout"] = duration_text(limit)
    return {name: value for name, value in wire.items() if value is not None}


def _retry(retry: RetryForm) -> dict[str, Any]:
    wire = {"maxRetries": retry.max_retries, "timeout": duration_text(retry.timeout) if retry.timeout else None}
    return {name: value for name, value in wire.items() if value is not None}
