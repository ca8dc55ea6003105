#!/bin/sh
# Read by deploy.sh: the values of the template's parameters that a deployment does not name.
set -eu

# Prints PARAMETER:VARIABLE for each parameter that a variable of the environment sets; azd reads the same file.
parameters_with_variables() {
  sed -n 's/^ *"\([A-Za-z]*\)": { "value": "${\(BATCH_[A-Z_]*\)[=}].*/\1:\2/p' infra/main.parameters.json
}

# last_parameters DEPLOYMENT FILE: writes the values of the last deployment as a parameter file. Azure gives back no
# secrets; a parameter that the template no longer has is named and left out.
last_parameters() {
  parameters=$(az deployment sub show --name "$1" --query "properties.parameters | keys(@)" --output tsv) || return 1
  query=
  for parameter in $parameters; do
    case "$parameter" in
      environmentName | location | alertWebhook) continue ;;
    esac
    if grep --quiet "^param $parameter " infra/main.bicep; then
      query="$query${query:+, }$parameter: {value: $parameter.value}"
    else
      echo "The last deployment's parameter $parameter is not one of this version: it is left out." >&2
    fi
  done
  az deployment sub show --name "$1" --query "properties.parameters.{$query}" --output json >"$2"
}

# Prints the address that alerts are posted to now; nothing when there is none.
last_webhook() {
  az monitor action-group list --resource-group "$1" --query "[].webhookReceivers[].serviceUri | [0]" --output tsv
}
