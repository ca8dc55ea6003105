#!/bin/sh
# The whole deployment with the Azure CLI alone, from the repository's root:
#   BATCH_SSH_PUBLIC_KEY="$(cat ~/.ssh/id_ed25519.pub)" infra/deploy.sh NAME REGION [PARAMETER=VALUE ...]
set -eu

if [ $# -lt 2 ] || [ -z "${BATCH_SSH_PUBLIC_KEY:-}" ]; then
  echo "usage: BATCH_SSH_PUBLIC_KEY=... infra/deploy.sh NAME REGION [PARAMETER=VALUE ...]" >&2
  exit 2
fi
. infra/az.sh
. infra/name.sh
check_name "$1"
name=$1
region=$2
shift 2

# Who deploys owns the workspace, unless BATCH_OWNER_ID names another: the object id in the token, with no question to
# Graph. BATCH_ROLE_ASSIGNMENTS has the roles of others.
owner=${BATCH_OWNER_ID:-}
if [ -z "$owner" ]; then
  token=$(az account get-access-token --query accessToken --output tsv)
  owner=$(printf '%s' "$token" | cut -d. -f2 | tr -- '-_' '+/' |
    awk '{ while (length % 4) $0 = $0 "="; print }' | base64 --decode | sed -n 's/.*"oid":"\([^"]*\)".*/\1/p')
fi
if [ -z "$owner" ]; then
  echo "The token of az names no object id (oid), so nobody would own the workspace: name the owner in BATCH_OWNER_ID." >&2
  exit 1
fi

# An assignment, as the shell stops at a failure in one but not in an argument.
instances=$(sh infra/hooks/present-instances.sh "$name")
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT

deploy() {
  status=0
  az deployment sub create --name "batch-$name" --location "$region" --template-file infra/main.bicep --output none \
    --parameters environmentName="$name" location="$region" sshPublicKey="$BATCH_SSH_PUBLIC_KEY" \
    ownerPrincipalId="$owner" roleAssignments="${BATCH_ROLE_ASSIGNMENTS:-[]}" presentInstances="$instances" "$@" \
    2>"$errors" || status=$?
  cat "$errors" >&2
  return "$status"
}

# What Azure answers when two of its parts do not know yet of each other, or work on the same account.
races='RoleDefinitionDoesNotExist|PrincipalNotFound|StorageAccountOperationInProgress|egmsivalidation'
echo "Deploying batch-$name. The first time takes about ten minutes."
if ! deploy "$@"; then
  race=$(grep --extended-regexp --only-matching "$races" "$errors" | head -n 1) || true
  [ -n "$race" ] || exit 1
  seconds=${BATCH_RETRY_SECONDS:-120}
  echo "$race: something that was made a moment ago is not known everywhere in Azure yet. The same deployment is tried" \
    "once more in $seconds seconds; what is right already stays as it is." >&2
  sleep "$seconds"
  deploy "$@"
fi

# Two lines, names and values: Azure may give names back in another case.
outputs=$(az deployment sub show --name "batch-$name" --output tsv \
  --query "properties.outputs | [keys(@), values(@)[].value]")
output() {
  printf '%s\n' "$outputs" | awk -F '\t' -v name="$1" '
    NR == 1 { for (i = 1; i <= NF; i++) if (tolower($i) == tolower(name)) column = i }
    NR == 2 && column { print $column }'
}

AZURE_CONTAINER_REGISTRY_NAME=$(output AZURE_CONTAINER_REGISTRY_NAME)
BATCH_SCORER_IMAGE_TAG=$(output BATCH_SCORER_IMAGE_TAG)
export AZURE_CONTAINER_REGISTRY_NAME BATCH_SCORER_IMAGE_TAG
sh infra/hooks/postprovision.sh
sh infra/package.sh "$name"
