#!/bin/sh
# Before `azd provision`: the name, azd's own Bicep, what no scale set can become, and the administrator's key of the
# nodes, which is made once.
set -eu
. infra/az.sh
. infra/name.sh
. infra/bicep.sh
. infra/computes.sh
check_name "$AZURE_ENV_NAME"

if [ -n "${BATCH_COMPUTES:-}" ]; then
  exists=$(az group exists --name "rg-$AZURE_ENV_NAME" --output tsv)
  [ "$exists" = false ] || check_computes "rg-$AZURE_ENV_NAME" "$BATCH_COMPUTES"
fi

bicep=${AZD_BICEP_TOOL_PATH:-${AZD_CONFIG_DIR:-$HOME/.azd}/bin/bicep}
remedy="az bicep upgrade, and AZD_BICEP_TOOL_PATH=~/.azure/bin/bicep in azd's environment"
if [ -x "$bicep" ]; then
  check_bicep "$("$bicep" --version)" "$remedy"
else
  echo "azd fetches its own Bicep. If that is older than $bicep_needed, the deployment fails at @nullIfNotFound: $remedy." >&2
fi

if [ -z "${BATCH_SSH_PUBLIC_KEY:-}" ]; then
  folder=".azure/$AZURE_ENV_NAME"
  mkdir -p "$folder"
  [ -f "$folder/nodes-key.pub" ] || ssh-keygen -q -t rsa -b 4096 -N "" -C batch-nodes -f "$folder/nodes-key"
  key=$(cat "$folder/nodes-key.pub")
  azd env set BATCH_SSH_PUBLIC_KEY "$key"
fi
