#!/bin/sh
# The application's package alone: the last step of deploy.sh, and the one that reaches the Function App itself, so with
# privateNetwork it has to run inside of the network. From the repository's root:
#   infra/package.sh NAME
set -eu

if [ $# -ne 1 ]; then
  echo "usage: infra/package.sh NAME" >&2
  exit 2
fi
group="rg-$1"

. infra/az.sh

app=$(az functionapp list --resource-group "$group" --query "[0].name" --output tsv)
host=$(az functionapp show --resource-group "$group" --name "$app" --query defaultHostName --output tsv)
package=$(mktemp -d)
trap 'rm -rf "$package"' EXIT
git archive --format zip --output "$package/app.zip" HEAD function_app.py host.json requirements.txt shared
if ! az functionapp deployment source config-zip --resource-group "$group" --name "$app" --src "$package/app.zip" \
  --build-remote true --output none; then
  echo "The package was not taken. With privateNetwork=true run infra/package.sh $1 inside of the network." >&2
  exit 1
fi
echo "https://$host"
