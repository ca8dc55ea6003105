"""Puts sample data where anybody may read it, as the public containers of Azure's samples are, and prints its address.

It takes the local service's own blob storage: container `sampledata`, with `nytaxi/` (the taxi trips beside this
file) and `mnist/` (the images of `examples/mnist-script`). The service reads them without any credential.
"""

import os
from contextlib import suppress
from pathlib import Path

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient

from local.data_folder.connection import read_connection

EXAMPLES = Path(__file__).resolve().parents[1]
FOLDERS = {"nytaxi": EXAMPLES / "nyc-taxi" / "data", "mnist": EXAMPLES / "mnist-script" / "images"}


def main() -> None:
    connection = read_connection(Path(os.environ.get("BML_DATA_DIR", ".local")))
    storage = BlobServiceClient.from_connection_string(connection.storage_connection_string)
    container = storage.get_container_client("sampledata")
    with suppress(ResourceExistsError):
        container.create_container(public_access="container")
    for folder, source in FOLDERS.items():
        for file in sorted(source.iterdir()):
            container.upload_blob(f"{folder}/{file.name}", file.read_bytes(), overwrite=True)
    print(container.url)


if __name__ == "__main__":
    main()
