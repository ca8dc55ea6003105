"""Steps with invocations and jobs."""

from azure.ai.ml import Input, Output, command
from azure.ai.ml.constants._endpoint import EndpointInvokeFields


def invoke(ml, endpoint, one_input=None, inputs=None, outputs=None, deployment=None, **options):
    """The name of the new job; inputs and outputs are given as the fields of `Input` and `Output`."""
    if deployment is None:
        # The client keeps the headers of an invocation for the next one: a deployment once named would stay named.
        EndpointInvokeFields.DEFAULT_HEADER.pop(EndpointInvokeFields.MODEL_DEPLOYMENT, None)
    job = ml.batch_endpoints.invoke(
        endpoint_name=endpoint,
        deployment_name=deployment,
        input=Input(**one_input) if one_input else None,
        inputs={key: Input(**fields) for key, fields in inputs.items()} if inputs else None,
        outputs={key: Output(**fields) for key, fields in outputs.items()} if outputs else None,
        **options,
    )
    return job.name


def list_endpoint_jobs(ml, endpoint):
    return [job.name for job in ml.batch_endpoints.list_jobs(endpoint)]


def list_deployment_jobs(ml, endpoint, deployment):
    return [job.name for job in ml.batch_deployments.list_jobs(endpoint, name=deployment)]


def get_job(ml, name):
    return shown_job(ml.jobs.get(name))


def list_jobs(ml, **options):
    return [shown_job(job) for job in ml.jobs.list(**options)]


def stream_job(ml, name):
    ml.jobs.stream(name)


def cancel_job(ml, name):
    ml.jobs.begin_cancel(name).result()


def download_job(ml, name, folder, **options):
    ml.jobs.download(name, download_path=folder, **options)


def update_job(ml, name, **changes):
    return shown_job(ml.jobs.update(name, **changes))


def archive_job(ml, name):
    ml.jobs.archive(name)


def restore_job(ml, name):
    ml.jobs.restore(name)


def beyond_batch_scoring(ml, operation, name):
    """An operation that the service is not meant for."""
    calls = {
        "compute.begin_stop": lambda: ml.compute.begin_stop(name).result(),
        "compute.list_sizes": lambda: list(ml.compute.list_sizes()),
        "compute.list_usage": lambda: list(ml.compute.list_usage()),
        "jobs.begin_delete": lambda: ml.jobs.begin_delete(name).result(),
        "jobs.show_services": lambda: ml.jobs.show_services(name),
        "jobs.create_or_update": lambda: ml.jobs.create_or_update(
            command(command="true", environment="azureml:counted:1", compute="cpu-cluster")
        ),
    }
    calls[operation]()


def shown_job(job):
    fields = ("name", "type", "status", "display_name", "experiment_name", "tags", "properties", "studio_url")
    return {field: getattr(job, field, None) for field in fields}
