"""Both scale sets: the real local process, and the real Azure SDK against a small compute API."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.core.credentials import AccessToken

from shared.compute.scale_sets import LocalScaleSets
from shared.compute.vmss_scale_sets import VmssScaleSets
from shared.settings import VmssSettings
from tests.integration.compute.fake_compute_api import GROUP, SUBSCRIPTION, TOKEN, ComputeApi, fake_compute_api
from tests.scale_set_process import KEY, POLITE, ScaleSetProcess


class StaticCredential:
    def get_token(self, *_: str, **__: object) -> AccessToken:
        return AccessToken(TOKEN, int(time.time()) + 3600)


@pytest.fixture(scope="module")
def compute_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComputeApi]:
    with fake_compute_api(tmp_path_factory.mktemp("compute-api")) as api:
        yield api


@pytest.fixture
def compute_api(compute_server: ComputeApi) -> ComputeApi:
    fresh = ComputeApi(compute_server.url, compute_server.certificate)
    vars(compute_server).update(vars(fresh))
    return compute_server


@pytest.fixture
def vmss(compute_api: ComputeApi) -> VmssScaleSets:
    def client(settings: VmssSettings):
        from azure.mgmt.compute import ComputeManagementClient

        return ComputeManagementClient(
            StaticCredential(),
            settings.subscription_id,
            base_url=settings.endpoint,
            connection_verify=str(compute_api.certificate),
            polling_interval=0,
            retry_total=0,
        )

    settings = VmssSettings(SUBSCRIPTION, GROUP, name="vmss-{compute}", endpoint=compute_api.url)
    return VmssScaleSets(settings, client, bad_news_seconds=10)


@pytest.fixture(scope="module")
def local_scale_set(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScaleSetProcess]:
    process = ScaleSetProcess(Path(tmp_path_factory.mktemp("scale-set")), POLITE)
    deadline = time.monotonic() + 30
    while not process.answers():
        assert time.monotonic() < deadline, "the local scale set did not answer"
        time.sleep(0.02)
    yield process
    process.end()


@pytest.fixture
def local(local_scale_set: ScaleSetProcess) -> LocalScaleSets:
    return LocalScaleSets(f"http://127.0.0.1:{local_scale_set.port}", KEY)
