#!/bin/sh
# After a deployment: builds the scorer image in the registry, which needs no container engine on this machine.
set -eu
. infra/az.sh

az acr build --registry "$AZURE_CONTAINER_REGISTRY_NAME" --image "scorer:$BATCH_SCORER_IMAGE_TAG" \
  --file scorer_container/Dockerfile .
echo "New nodes start from scorer:$BATCH_SCORER_IMAGE_TAG; running ones go on with the image they have."
