"""The environment variables of a scoring process: all that it needs, without the node's secrets."""

import os
from collections.abc import Mapping
from pathlib import Path

from scorer_container.node.processes.folders import ProcessFolders
from scorer_container.node.reporting.failure import fatal
from shared.contracts.job_spec import JobSpec
from shared.contracts.names import fault_of_variable

_PASSED_ON = (
    "LANG", "LANGUAGE", "TZ", "USER", "LOGNAME", "SHELL", "SYSTEMROOT",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    "LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_PATH", "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES",
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS",
)  # fmt: skip
_PASSED_ON_PREFIXES = ("LC_",)
_OF_THE_MACHINE = {
    "USER", "LOGNAME", "SHELL", "LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_PATH",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
}  # fmt: skip
"""Variables that name files or the user of this machine; another image has its own."""


def process_environment(
    spec: JobSpec,
    *,
    number: int,
    interpreter: Path,
    model_folder: Path,
    folders: ProcessFolders,
    in_container: bool = False,
) -> dict[str, str]:
    """Return the variables of scoring process `number`; the deployment's own override all others.

    Raise FatalProblemError for a variable that a process cannot have.
    """
    _check(spec.environment_variables)
    node = os.environ
    passed = {name: value for name, value in node.items() if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)}
    if in_container:
        passed = {name: value for name, value in passed.items() if name not in _OF_THE_MACHINE}
    else:
        passed["PATH"] = os.pathsep.join((str(interpreter.parent), node.get("PATH", os.defpath)))
        passed["TMPDIR"] = str(folders.temporary)  # a container has its own /tmp
    return {
        **passed,
        "HOME": str(folders.home),
        "PYTHONNOUSERSITE": "1",  # nothing that lies in a home folder runs by itself
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        **_gpu_variables(number, node),
        "AZUREML_MODEL_DIR": str(model_folder),
        "AZUREML_BI_OUTPUT_PATH": str(folders.output),
        "AZUREML_RUN_ID": spec.job_id,
        "AZUREML_ROOT_RUN_ID": spec.job_name,
        "AZUREML_BATCH_ENDPOINT": spec.endpoint,
        "AZUREML_BATCH_DEPLOYMENT": spec.deployment,
        **spec.environment_variables,
    }


def _check(variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        if fault := fault_of_variable(name, value):
            raise fatal("environment", f"the scoring process cannot be started: {fault}")


def _gpu_variables(number: int, node: Mapping[str, str]) -> dict[str, str]:
    """Give each process one device while devices last, and others none; return {} on a node without devices."""
    devices = _gpu_devices(node)
    if not devices:
        return {}
    return {
        "CUDA_VISIBLE_DEVICES": devices[number] if number < len(devices) else "",
        "AZ_BATCHAI_GPU_COUNT_FOUND": str(len(devices)),
    }


def _gpu_devices(node: Mapping[str, str]) -> list[str]:
    if visible := node.get("CUDA_VISIBLE_DEVICES"):
        return [device.strip() for device in visible.split(",") if device.strip()]
    numbers = (path.name.removeprefix("nvidia") for path in Path("/dev").glob("nvidia[0-9]*"))
    return sorted((number for number in numbers if number.isdecimal()), key=int)
