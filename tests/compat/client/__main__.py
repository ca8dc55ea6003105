"""Runs steps with the official client: a JSON line for each in, a JSON line with its result out."""

import contextlib
import io
import json
import os
import sys
from pathlib import Path

from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

sys.path.insert(0, str(Path(__file__).parent))

import assets
import endpoints
import jobs

STEPS = {**vars(assets), **vars(endpoints), **vars(jobs)}


def client() -> MLClient:
    """As a script of today makes it; cloud, authority and credentials come from the environment."""
    return MLClient(
        DefaultAzureCredential(disable_instance_discovery=True),
        os.environ["AZURE_SUBSCRIPTION_ID"],
        os.environ["AZURE_RESOURCE_GROUP"],
        os.environ["AZUREML_WORKSPACE_NAME"],
    )


def answer(ml: MLClient, request: dict) -> dict:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            value = STEPS[request["step"]](ml, **request["arguments"])
    except Exception as error:  # the test decides what an error means
        return {"error": {"kind": type(error).__name__, "message": str(error)}}
    return {"value": value, "printed": printed.getvalue()}


def main() -> None:
    ml, out = client(), sys.stdout
    for line in sys.stdin:
        print(json.dumps(answer(ml, json.loads(line)), default=str), file=out, flush=True)


if __name__ == "__main__":
    main()
