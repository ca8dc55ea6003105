import pytest

from local.data_folder.layout import DataFolder
from local.data_folder.stack_file import StackFile, write_stack_file
from local.stack.environment import client_environment
from local.stack.options import StackOptions, choose_setup
from local.token_issuer.credentials import ensure_credentials

pytestmark = pytest.mark.unit


def make_stack(folder, *, https):
    data_folder = DataFolder(folder)
    setup = choose_setup(None, StackOptions(folder, https=https))
    write_stack_file(data_folder, StackFile(setup))
    ensure_credentials(data_folder.token_issuer, setup.tenant_id)
    return setup


def test_the_variables_lead_azures_clients_to_the_stack(tmp_path):
    setup = make_stack(tmp_path, https=True)
    variables = client_environment(tmp_path, {"NO_PROXY": "intranet,localhost"})
    assert variables["ARM_CLOUD_METADATA_URL"] == f"https://127.0.0.1:{setup.port}/metadata/endpoints"
    assert variables["BML_STORAGE_SUFFIX"] == f"x@127.0.0.1:{setup.blob_port}/devstoreaccount1"
    assert variables["AZURE_AUTHORITY_HOST"] == f"https://127.0.0.1:{setup.token_port}"
    assert variables["REQUESTS_CA_BUNDLE"] == str(tmp_path / "tls" / "ca-bundle.pem")
    assert variables["NO_PROXY"] == variables["no_proxy"] == "intranet,localhost,127.0.0.1"


def test_a_stack_without_tls_leads_clients_of_storage_only(tmp_path):
    setup = make_stack(tmp_path, https=False)
    variables = client_environment(tmp_path, {})
    assert variables.keys() == {"AZURE_STORAGE_CONNECTION_STRING", "NO_PROXY", "no_proxy"}
    assert f"http://127.0.0.1:{setup.queue_port}/" in variables["AZURE_STORAGE_CONNECTION_STRING"]
