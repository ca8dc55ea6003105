"""Steps with invocations and jobs."""

from azure.ai.ml import Input, Output
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


def shown_job(job):
    fields = ("name", "type", "status", "display_name", "experiment_name", "tags", "properties", "studio_url")
    return {field: getattr(job, field, None) for field in fields}
