#!/bin/sh
# Removes an installation with everything that it holds, and leaves no role behind:
#   infra/remove.sh NAME [--yes]
# It can be run again when it stopped half-way.
set -eu

if [ $# -lt 1 ] || [ $# -gt 2 ] || [ "${2:---yes}" != --yes ]; then
  echo "usage: infra/remove.sh NAME [--yes]" >&2
  exit 2
fi
. infra/az.sh
. infra/name.sh
check_name "$1"
group="rg-$1"

exists=$(az group exists --name "$group" --output tsv)
if [ "$exists" = true ]; then
  echo "This deletes the resource group $group, and there is no undo:"
  az resource list --resource-group "$group" --query "[].[type, name]" --output tsv |
    awk -F '\t' '
      { count[$1]++; name[$1] = $2 }
      END { for (type in count) print "  " count[type], type, (count[type] == 1 ? name[type] : "") }' |
    sort -k 2
  echo "Lost are all jobs with their results, models, data and code of the workspace, images, logs and keys."
  if [ "${2:-}" != --yes ]; then
    printf 'Type the name of the installation to go on: '
    read -r answer
    if [ "$answer" != "$1" ]; then
      echo "Nothing is deleted."
      exit 1
    fi
  fi

  # Before the group: its roles exist there only, and a role that is assigned cannot be deleted.
  roles=$(az role definition list --resource-group "$group" --custom-role-only true --output tsv \
    --query "[?starts_with(roleName, 'Batch endpoints ') && assignableScopes[?ends_with(@, '/$group')]].name")
  for role in $roles; do
    assigned=$(az role assignment list --all --fill-principal-name false --fill-role-definition-name false --output tsv \
      --query "[?ends_with(roleDefinitionId, '/$role')].id")
    for assignment in $assigned; do
      az role assignment delete --ids "$assignment"
    done
    az role definition delete --name "$role" --resource-group "$group"
  done

  az group delete --name "$group" --yes || {
    echo "The group is not gone: see above. After privateNetwork=true Azure may keep the subnet of the application for" \
      "hours (serviceAssociationLinks). Run this again then: it goes on where it stopped." >&2
    exit 1
  }
fi

# Else the next installation of this name would begin with its parameters.
records=$(az deployment sub list --query "[?name == 'batch-$1'].name" --output tsv)
[ -z "$records" ] || az deployment sub delete --name "batch-$1"
echo "Removed: $1"
