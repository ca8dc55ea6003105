#!/bin/sh
# The application's package alone: the last step of deploy.sh, and the one that reaches the Function App itself, so with
# privateNetwork it has to run inside of the network. From the repository's root:
#   infra/package.sh NAME
# It ends well when the package was taken and the application answers. BATCH_HEALTH_SECONDS: how long it may take to.
set -eu

if [ $# -ne 1 ]; then
  echo "usage: infra/package.sh NAME" >&2
  exit 2
fi
. infra/az.sh
. infra/name.sh
check_name "$1"
group="rg-$1"

# The list has flat objects. `functionapp show` prints the raw resource of a Flex Consumption app, with other fields.
found=$(az functionapp list --resource-group "$group" --query "[0].[name, defaultHostName]" --output tsv)
app=$(printf '%s\n' "$found" | sed -n 1p)
host=$(printf '%s\n' "$found" | sed -n 2p)
if [ -z "$app" ] || [ -z "$host" ]; then
  echo "There is no Function App in the resource group $group." >&2
  exit 1
fi

package=$(mktemp -d)
trap 'rm -rf "$package"' EXIT
git archive --format zip --output "$package/app.zip" HEAD function_app.py host.json requirements.txt shared

# Prints the HTTP status of the application's health, 000 when nothing answers.
health() {
  curl --silent --output /dev/null --max-time 10 --write-out '%{http_code}' "https://$host/health" || true
}

# az uploads, waits a minute, and then asks the host itself whether it is up: some versions ask for ever.
time_limit=1800
if ! az functionapp deployment source config-zip --resource-group "$group" --name "$app" --src "$package/app.zip" \
  --build-remote true --timeout 1200 --output none; then
  echo "az ended with an error or after 30 minutes: see above. Whether it had handed over the package before, az does" \
    "not always say. Now https://$host/health answers $(health). docs/operate.md, 'The package', says what to do." >&2
  exit 1
fi
time_limit=

left=${BATCH_HEALTH_SECONDS:-300}
while status=$(health) && [ "$status" != 200 ]; do
  if [ "$left" -le 0 ]; then
    echo "The package was taken, but https://$host/health answers $status and not 200. docs/operate.md, 'The package'," \
      "says what to do." >&2
    exit 1
  fi
  sleep 10
  left=$((left - 10))
done
echo "https://$host"
