#!/bin/sh
# Before `azd provision`: the administrator's key of the nodes, made once, and the instances that run now.
set -eu
. infra/name.sh
check_name "$AZURE_ENV_NAME"

if [ -z "${BATCH_SSH_PUBLIC_KEY:-}" ]; then
  folder=".azure/$AZURE_ENV_NAME"
  mkdir -p "$folder"
  [ -f "$folder/nodes-key.pub" ] || ssh-keygen -q -t rsa -b 4096 -N "" -C batch-nodes -f "$folder/nodes-key"
  key=$(cat "$folder/nodes-key.pub")
  azd env set BATCH_SSH_PUBLIC_KEY "$key"
fi
# An assignment, as the shell stops at a failure in one but not in an argument.
instances=$(sh infra/hooks/present-instances.sh "$AZURE_ENV_NAME")
azd env set BATCH_PRESENT_INSTANCES "$instances"
