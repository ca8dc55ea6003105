#!/bin/sh
# The scorer image, with AZURE_CONTAINER_REGISTRY_NAME and BATCH_SCORER_IMAGE_TAG set. BATCH_IMAGE_BUILD says who builds
# it: `registry` (needs no container engine on this machine), `docker` (this machine, where the registry has no tasks), or
# `none` (the tag is in the registry already).
set -eu
. infra/az.sh
image="scorer:$BATCH_SCORER_IMAGE_TAG"

build_in_registry() {
  az acr build --registry "$AZURE_CONTAINER_REGISTRY_NAME" --image "$image" --file scorer_container/Dockerfile . || {
    echo "The registry did not build the image: see above. TasksOperationsNotAllowed means that this subscription has no" \
      "tasks: set BATCH_IMAGE_BUILD=docker, and this machine builds it." >&2
    exit 1
  }
}

build_here() {
  server=$(az acr show --name "$AZURE_CONTAINER_REGISTRY_NAME" --query loginServer --output tsv)
  az acr login --name "$AZURE_CONTAINER_REGISTRY_NAME"
  docker build --platform linux/amd64 --tag "$server/$image" --file scorer_container/Dockerfile .
  docker push "$server/$image"
}

case "${BATCH_IMAGE_BUILD:-registry}" in
  registry) build_in_registry ;;
  docker) build_here ;;
  none) ;;
  *)
    echo "BATCH_IMAGE_BUILD is registry, docker or none, not '$BATCH_IMAGE_BUILD'." >&2
    exit 2
    ;;
esac
echo "New nodes start from $image; running ones go on with the image they have."
