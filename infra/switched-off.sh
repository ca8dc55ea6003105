#!/bin/sh
# Deletes what an earlier deployment made and the last one switched off: Azure leaves it as it is. Never storage.
#   BATCH_SWITCHED_ON=... infra/switched-off.sh NAME
# BATCH_SWITCHED_ON is an output of the template: names of optional resources, or their beginnings where they end in a
# hyphen or dot. What will go is listed first; at a terminal the script asks. BATCH_KEEP_SWITCHED_OFF=true deletes nothing.
set -eu

if [ $# -ne 1 ] || [ -z "${BATCH_SWITCHED_ON:-}" ]; then
  echo "usage: BATCH_SWITCHED_ON=... infra/switched-off.sh NAME" >&2
  exit 2
fi
. infra/az.sh
. infra/name.sh
check_name "$1"

# Kinds that may go, in the order in which Azure lets them.
kinds='
microsoft.compute/virtualmachinescalesets vmss-
microsoft.insights/scheduledqueryrules alert-
microsoft.insights/actiongroups ag-
microsoft.eventgrid/systemtopics evgt-
microsoft.network/privateendpoints pe-
microsoft.network/privatednszones/virtualnetworklinks privatelink.
microsoft.network/privatednszones privatelink.
microsoft.network/natgateways ng-
microsoft.network/publicipaddresses pip-nat-'

found=$(az resource list --resource-group "rg-$1" --output tsv \
  --query "[?tags.\"azd-env-name\" == '$1'].[type, name, id]")
unwanted=$(printf '%s\n' "$found" | KINDS="$kinds" awk -F '\t' -v on="$BATCH_SWITCHED_ON" '
  BEGIN {
    lines = split(ENVIRON["KINDS"], line, "\n")
    words = split(on, word, " ")
  }
  function is_on(name, i) {
    for (i = 1; i <= words; i++)
      if (name == word[i] || (word[i] ~ /[-.]$/ && index(name, word[i]) == 1)) return 1
    return 0
  }
  {
    for (i = 1; i <= lines; i++) {
      split(line[i], kind, " ")
      if (line[i] != "" && tolower($1) == kind[1] && index($2, kind[2]) == 1 && !is_on($2))
        printf "%02d\t%s\t%s\t%s\n", i, kind[1], $2, $3
    }
  }' | sort)
# assignments_where CONDITION: prints the ids of role assignments.
assignments_where() {
  az role assignment list --all --fill-principal-name false --fill-role-definition-name false --output tsv \
    --query "[?$1].id"
}

rights=
case " $BATCH_SWITCHED_ON " in
  *" scaling-rights "*) ;;
  *)
    roles=$(az role definition list --resource-group "rg-$1" --custom-role-only true --output tsv \
      --query "[?starts_with(roleName, 'Batch endpoints scaler, ')].name")
    for role in $roles; do
      found=$(assignments_where "ends_with(roleDefinitionId, '/$role')")
      rights="$rights $found"
    done
    ;;
esac
rights=$(printf '%s' "$rights" | tr '\n' ' ' | sed 's/^ *//;s/ *$//')
[ -n "$unwanted$rights" ] || exit 0

echo "Switched off, but still there:"
printf '%s\n' "$unwanted" | awk -F '\t' '
  NF { print "  " $3 ($2 ~ /scalesets$/ ? "  (its nodes end; their work returns to the queue)" : "") }'
for right in $rights; do
  echo "  a right of the application to make machines: $right"
done
if [ "${BATCH_KEEP_SWITCHED_OFF:-}" = true ]; then
  echo "They stay: BATCH_KEEP_SWITCHED_OFF is true."
  exit 0
fi
if [ -t 0 ]; then
  printf 'Delete them? [y/N] '
  read -r answer
  case "$answer" in
    y | Y | yes) ;;
    *)
      echo "They stay."
      exit 0
      ;;
  esac
fi

# The rights of a topic's own identity stay behind when it goes.
remove_rights_of() {
  principal=$(az resource show --ids "$1" --query identity.principalId --output tsv)
  [ -n "$principal" ] || return 0
  topic_rights=$(assignments_where "principalId == '$principal'")
  for right in $topic_rights; do
    az role assignment delete --ids "$right"
  done
}

for right in $rights; do
  az role assignment delete --ids "$right"
done
[ -n "$unwanted" ] || exit 0

printf '%s\n' "$unwanted" >"${files:=$(mktemp -d)}/unwanted"
trap 'rm -rf "$files"' EXIT
while IFS='	' read -r _ kind resource id <&3; do
  case "$kind" in
    *systemtopics) remove_rights_of "$id" ;;
  esac
  az resource delete --ids "$id" --output none
  echo "Deleted: $resource"
done 3<"$files/unwanted"
