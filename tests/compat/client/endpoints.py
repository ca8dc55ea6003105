"""Steps with batch endpoints and batch deployments."""

from azure.ai.ml import load_batch_deployment, load_batch_endpoint
from azure.ai.ml.entities import (
    BatchDeployment,
    BatchEndpoint,
    BatchRetrySettings,
    CodeConfiguration,
    Environment,
    ModelBatchDeployment,
    ModelBatchDeploymentSettings,
)
from azure.ai.ml.entities._load_functions import load_model_batch_deployment


def create_endpoint(ml, **fields):
    return shown_endpoint(ml.batch_endpoints.begin_create_or_update(BatchEndpoint(**fields)).result())


def update_endpoint(ml, name, **changes):
    endpoint = ml.batch_endpoints.get(name)
    for field, value in changes.items():
        setattr(endpoint, field, value)
    return shown_endpoint(ml.batch_endpoints.begin_create_or_update(endpoint).result())


def set_default(ml, name, deployment):
    endpoint = ml.batch_endpoints.get(name)
    endpoint.defaults.deployment_name = deployment
    return shown_endpoint(ml.batch_endpoints.begin_create_or_update(endpoint).result())


def get_endpoint(ml, name):
    return shown_endpoint(ml.batch_endpoints.get(name))


def list_endpoints(ml):
    return [endpoint.name for endpoint in ml.batch_endpoints.list()]


def delete_endpoint(ml, name):
    ml.batch_endpoints.begin_delete(name).result()


def endpoint_from_yaml(ml, file):
    return shown_endpoint(ml.batch_endpoints.begin_create_or_update(load_batch_endpoint(file)).result())


def deployment_from_yaml(ml, file):
    return shown_deployment(ml.batch_deployments.begin_create_or_update(load_batch_deployment(file)).result())


def model_deployment_from_yaml(ml, file):
    return shown_deployment(ml.batch_deployments.begin_create_or_update(load_model_batch_deployment(file)).result())


def create_deployment(ml, name, endpoint, model, compute, settings=None, **fields):
    """Today's class: `model` is a name with a version; `settings` are those of the scoring."""
    deployment = ModelBatchDeployment(
        name=name,
        endpoint_name=endpoint,
        model=ml.models.get(*model),
        compute=compute,
        settings=ModelBatchDeploymentSettings(**scoring_settings(settings)) if settings else None,
        **scripted(fields),
    )
    return shown_deployment(ml.batch_deployments.begin_create_or_update(deployment).result())


def create_older_deployment(ml, name, endpoint, model, compute, settings, **fields):
    """The class of earlier releases, which has the settings as its own fields."""
    deployment = BatchDeployment(
        name=name,
        endpoint_name=endpoint,
        model=ml.models.get(*model),
        compute=compute,
        **scoring_settings(settings),
        **scripted(fields),
    )
    return shown_deployment(ml.batch_deployments.begin_create_or_update(deployment).result())


def update_deployment(ml, name, endpoint, instance_count, settings):
    deployment = ml.batch_deployments.get(name, endpoint)
    deployment.resources.instance_count = instance_count
    for field, value in settings.items():
        setattr(deployment, field, value)
    return shown_deployment(ml.batch_deployments.begin_create_or_update(deployment).result())


def get_deployment(ml, name, endpoint):
    return shown_deployment(ml.batch_deployments.get(name, endpoint))


def list_deployments(ml, endpoint):
    return [deployment.name for deployment in ml.batch_deployments.list(endpoint)]


def delete_deployment(ml, name, endpoint):
    ml.batch_deployments.begin_delete(name, endpoint).result()


def scoring_settings(settings):
    retry = settings.pop("retry", None)
    return settings | ({"retry_settings": BatchRetrySettings(**retry)} if retry else {})


def scripted(fields):
    """Code, environment and resources as the entities that the constructors take."""
    code = fields.pop("code", None)
    image = fields.pop("image", None)
    if code:
        fields["code_configuration"] = CodeConfiguration(code=code, scoring_script="score.py")
    if image:
        fields["environment"] = Environment(image=image)
    return fields


def shown_endpoint(endpoint):
    return {
        "name": endpoint.name,
        "state": endpoint.provisioning_state,
        "scoring_uri": endpoint.scoring_uri,
        "auth_mode": endpoint.auth_mode,
        "description": endpoint.description,
        "tags": endpoint.tags,
        "default": endpoint.defaults.deployment_name if endpoint.defaults else None,
    }


def shown_deployment(deployment):
    retry = deployment.retry_settings
    return {
        "name": deployment.name,
        "endpoint": deployment.endpoint_name,
        "model": deployment.model,
        "compute": deployment.compute,
        "code": deployment.code_configuration.code if deployment.code_configuration else None,
        "environment": deployment.environment,
        "instance_count": deployment.resources.instance_count,
        "mini_batch_size": deployment.mini_batch_size,
        "max_concurrency_per_instance": deployment.max_concurrency_per_instance,
        "error_threshold": deployment.error_threshold,
        "output_action": str(deployment.output_action),
        "output_file_name": deployment.output_file_name,
        "retry": [retry.max_retries, retry.timeout] if retry else None,
        "logging_level": deployment.logging_level,
        "state": deployment.provisioning_state,
    }
