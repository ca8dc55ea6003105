#!/bin/sh
# The whole deployment with the Azure CLI alone, from the repository's root:
#   BATCH_SSH_PUBLIC_KEY="$(cat ~/.ssh/id_rsa.pub)" infra/deploy.sh NAME REGION [PARAMETER=VALUE ...]
set -eu

if [ $# -lt 2 ] || [ -z "${BATCH_SSH_PUBLIC_KEY:-}" ]; then
  echo "usage: BATCH_SSH_PUBLIC_KEY=... infra/deploy.sh NAME REGION [PARAMETER=VALUE ...]" >&2
  exit 2
fi
name=$1
region=$2
shift 2
group="rg-$name"

. infra/az.sh

# Who deploys owns the workspace, unless BATCH_OWNER_ID names another: the object id in the token, with no question to
# Graph. BATCH_ROLE_ASSIGNMENTS has the roles of others.
owner=${BATCH_OWNER_ID:-}
if [ -z "$owner" ]; then
  token=$(az account get-access-token --query accessToken --output tsv)
  owner=$(printf '%s' "$token" | cut -d. -f2 | tr -- '-_' '+/' |
    awk '{ while (length % 4) $0 = $0 "="; print }' | base64 -d | sed -n 's/.*"oid":"\([^"]*\)".*/\1/p')
fi

# An assignment, as the shell stops at a failure in one but not in an argument.
instances=$(sh infra/hooks/present-instances.sh "$name")
az deployment sub create --name "batch-$name" --location "$region" --template-file infra/main.bicep --output none \
  --parameters environmentName="$name" location="$region" sshPublicKey="$BATCH_SSH_PUBLIC_KEY" \
  ownerPrincipalId="$owner" roleAssignments="${BATCH_ROLE_ASSIGNMENTS:-[]}" presentInstances="$instances" "$@"

AZURE_CONTAINER_REGISTRY_NAME=$(az acr list --resource-group "$group" --query "[0].name" --output tsv)
BATCH_SCORER_IMAGE_TAG=${BATCH_SCORER_IMAGE_TAG:-current}
export AZURE_CONTAINER_REGISTRY_NAME BATCH_SCORER_IMAGE_TAG
sh infra/hooks/postprovision.sh
sh infra/package.sh "$name"
