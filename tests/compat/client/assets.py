"""Steps with computes, datastores, data, models and environments."""

from azure.ai.ml.entities import (
    AccountKeyConfiguration,
    AmlCompute,
    AzureBlobDatastore,
    Data,
    Environment,
    Model,
    SasTokenConfiguration,
)


def create_compute(ml, name, most=2):
    compute = AmlCompute(name=name, size="STANDARD_DS3_V2", min_instances=0, max_instances=most)
    return shown_compute(ml.compute.begin_create_or_update(compute).result())


def get_compute(ml, name):
    return shown_compute(ml.compute.get(name))


def list_computes(ml):
    return [compute.name for compute in ml.compute.list()]


def update_compute(ml, name, most):
    compute = ml.compute.get(name)
    compute.max_instances = most
    return shown_compute(ml.compute.begin_update(compute).result())


def list_nodes(ml, name):
    return [{"id": node.node_id, "state": node.node_state} for node in ml.compute.list_nodes(name)]


def public_operations(ml):
    """The names of all operations of each group that has to do with batch scoring."""
    groups = {
        "BatchEndpointOperations": ml.batch_endpoints,
        "BatchDeploymentOperations": ml.batch_deployments,
        "ComputeOperations": ml.compute,
        "ModelOperations": ml.models,
        "DataOperations": ml.data,
        "DatastoreOperations": ml.datastores,
        "EnvironmentOperations": ml.environments,
        "JobOperations": ml.jobs,
    }
    return {
        group: [name for name in dir(operations) if not name.startswith("_") and callable(getattr(operations, name))]
        for group, operations in groups.items()
    }


def delete_compute(ml, name):
    ml.compute.begin_delete(name).result()


def shown_compute(compute):
    return {
        "name": compute.name,
        "type": compute.type,
        "state": compute.provisioning_state,
        "size": compute.size,
        "most": compute.max_instances,
        "least": compute.min_instances,
    }


def create_datastore(ml, name, account, container, secret):
    kinds = {"sas_token": SasTokenConfiguration, "account_key": AccountKeyConfiguration}
    credentials = next((kinds[field](**{field: value}) for field, value in secret.items()), None)
    datastore = AzureBlobDatastore(name=name, account_name=account, container_name=container, credentials=credentials)
    return shown_datastore(ml.datastores.create_or_update(datastore))


def get_datastore(ml, name):
    return shown_datastore(ml.datastores.get(name))


def default_datastore(ml):
    return shown_datastore(ml.datastores.get_default())


def list_datastores(ml):
    return [datastore.name for datastore in ml.datastores.list()]


def delete_datastore(ml, name):
    ml.datastores.delete(name)


def shown_datastore(datastore):
    return {
        "id": datastore.id,
        "name": datastore.name,
        "type": datastore.type,
        "account": datastore.account_name,
        "container": datastore.container_name,
        "credentials": type(datastore.credentials).__name__,
    }


def create_data(ml, **fields):
    return shown_asset(ml.data.create_or_update(Data(**fields)))


def create_model(ml, **fields):
    return shown_asset(ml.models.create_or_update(Model(**fields)))


def create_environment(ml, **fields):
    return shown_asset(ml.environments.create_or_update(Environment(**fields)))


def get_asset(ml, kind, name, version=None, label=None):
    return shown_asset(getattr(ml, kind).get(name, version=version, label=label))


def list_assets(ml, kind, name=None, **options):
    return [asset.version if name else asset.name for asset in getattr(ml, kind).list(name=name, **options)]


def archive_asset(ml, kind, name, version=None):
    getattr(ml, kind).archive(name, version=version)


def restore_asset(ml, kind, name, version=None):
    getattr(ml, kind).restore(name, version=version)


def download_model(ml, name, version, folder):
    ml.models.download(name, version, download_path=folder)


def shown_asset(asset):
    fields = ("name", "version", "id", "type", "path", "description", "tags", "image", "conda_file", "flavors")
    return {field: getattr(asset, field, None) for field in fields}
