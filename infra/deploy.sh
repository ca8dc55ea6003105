#!/bin/sh
# The whole deployment with the Azure CLI alone, from the repository's root:
#   BATCH_SSH_PUBLIC_KEY="$(cat ~/.ssh/id_ed25519.pub)" infra/deploy.sh NAME REGION [PARAMETER=VALUE ...]
#   infra/deploy.sh --check NAME REGION [PARAMETER=VALUE ...]     only looks whether it can work (check.sh)
#   infra/deploy.sh --what-if NAME REGION [PARAMETER=VALUE ...]   only prints what would change
# A parameter that is not given has the value of its variable (main.parameters.json), else of the last deployment, else
# its default.
set -eu

if [ "${1:-}" = --check ]; then
  shift
  exec sh infra/check.sh "$@"
fi
verb=create
if [ "${1:-}" = --what-if ]; then
  verb=what-if
  shift
fi
if [ $# -lt 2 ]; then
  echo "usage: BATCH_SSH_PUBLIC_KEY=... infra/deploy.sh [--check | --what-if] NAME REGION [PARAMETER=VALUE ...]" >&2
  exit 2
fi
. infra/az.sh
. infra/name.sh
. infra/bicep.sh
. infra/computes.sh
. infra/parameters.sh
check_name "$1"
name=$1
region=$2
deployment="batch-$name"
shift 2

# az installs the newest Bicep where there is none.
if bicep=$(command az bicep version 2>/dev/null); then
  check_bicep "$bicep" "az bicep upgrade"
fi

files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
exists=$(az group exists --name "rg-$name" --output tsv)
case "$exists" in
  true) ;;
  false) BATCH_LAST_PARAMETERS=none ;;
  *)
    echo "Azure did not say whether the resource group rg-$name is there." >&2
    exit 1
    ;;
esac

webhook=
if [ "${BATCH_LAST_PARAMETERS:-}" != none ]; then
  last_parameters "$deployment" "$files/last.json" || {
    echo "The resource group rg-$name is there, but its last deployment $deployment cannot be read: see above. To deploy" \
      "with nothing but what you name now, and defaults for the rest, set BATCH_LAST_PARAMETERS=none." >&2
    exit 1
  }
  webhook=$(last_webhook "rg-$name")
else
  # Who deploys first owns the workspace, unless BATCH_OWNER_ID names another: the object id in the token, with no
  # question to Graph.
  if [ -z "${BATCH_OWNER_ID:-}" ]; then
    token=$(az account get-access-token --query accessToken --output tsv)
    BATCH_OWNER_ID=$(printf '%s' "$token" | cut -d. -f2 | tr -- '-_' '+/' |
      awk '{ while (length % 4) $0 = $0 "="; print }' | base64 --decode | sed -n 's/.*"oid":"\([^"]*\)".*/\1/p')
  fi
  if [ -z "$BATCH_OWNER_ID" ]; then
    echo "The token of az names no object id (oid), so nobody would own the workspace: name the owner in BATCH_OWNER_ID." >&2
    exit 1
  fi
  if [ -z "${BATCH_SSH_PUBLIC_KEY:-}" ]; then
    echo "Azure asks for a public key of the nodes' administrator: set BATCH_SSH_PUBLIC_KEY." >&2
    exit 2
  fi
  echo '{}' >"$files/last.json"
fi

# What is named later counts: the last deployment, variables, what was given.
for pair in $(parameters_with_variables) ownerPrincipalId:BATCH_OWNER_ID; do
  eval "value=\${${pair#*:}:-}"
  [ -z "$value" ] || set -- "${pair%%:*}=$value" "$@"
done
[ -z "$webhook" ] || set -- "alertWebhook=$webhook" "$@"

if [ "$exists" = true ]; then
  computes=
  for argument in "$@"; do
    case "$argument" in
      computes=*) computes=${argument#computes=} ;;
    esac
  done
  [ -z "$computes" ] || check_computes "rg-$name" "$computes"
fi

if [ "$verb" = what-if ]; then
  az deployment sub what-if --name "$deployment" --location "$region" --template-file infra/main.bicep \
    --parameters "@$files/last.json" environmentName="$name" location="$region" "$@"
  echo "Besides, switched-off.sh deletes after a deployment what is switched off. Nothing has changed."
  exit 0
fi

deploy() {
  status=0
  az deployment sub create --name "$deployment" --location "$region" --template-file infra/main.bicep --output none \
    --parameters "@$files/last.json" environmentName="$name" location="$region" "$@" 2>"$files/errors" || status=$?
  cat "$files/errors" >&2
  return "$status"
}

# What Azure answers when two of its parts do not know yet of each other, or work on the same account.
races='RoleDefinitionDoesNotExist|PrincipalNotFound|StorageAccountOperationInProgress|egmsivalidation'
echo "Deploying $deployment. The first time takes about ten minutes."
if ! deploy "$@"; then
  race=$(grep --extended-regexp --only-matching "$races" "$files/errors" | head -n 1) || true
  [ -n "$race" ] || exit 1
  seconds=${BATCH_RETRY_SECONDS:-120}
  echo "$race: something that was made a moment ago is not known everywhere in Azure yet. The same deployment is tried" \
    "once more in $seconds seconds; what is right already stays as it is." >&2
  sleep "$seconds"
  deploy "$@"
fi

# Two lines, names and values: Azure may give names back in another case.
outputs=$(az deployment sub show --name "$deployment" --output tsv \
  --query "properties.outputs | [keys(@), values(@)[].value]")
output() {
  printf '%s\n' "$outputs" | awk -F '\t' -v name="$1" '
    NR == 1 { for (i = 1; i <= NF; i++) if (tolower($i) == tolower(name)) column = i }
    NR == 2 && column { print $column }'
}

AZURE_CONTAINER_REGISTRY_NAME=$(output AZURE_CONTAINER_REGISTRY_NAME)
BATCH_SCORER_IMAGE_TAG=$(output BATCH_SCORER_IMAGE_TAG)
BATCH_SWITCHED_ON=$(output BATCH_SWITCHED_ON)
export AZURE_CONTAINER_REGISTRY_NAME BATCH_SCORER_IMAGE_TAG BATCH_SWITCHED_ON
sh infra/switched-off.sh "$name"
sh infra/image.sh
sh infra/package.sh "$name"
