#!/bin/sh
# Looks whether a deployment can work, before anything is made. It changes nothing. From the repository's root:
#   infra/check.sh NAME REGION [PARAMETER=VALUE ...]
# Prints a table and ends with 0 when each line says ok. Parameters are those of deploy.sh.
set -eu

if [ $# -lt 2 ]; then
  echo "usage: infra/check.sh NAME REGION [PARAMETER=VALUE ...]" >&2
  exit 2
fi
. infra/az.sh
. infra/name.sh
. infra/bicep.sh
check_name "$1"
name=$1
region=$2
shift 2

computes=${BATCH_COMPUTES:-}
outbound=${BATCH_NODE_OUTBOUND:-publicIp}
for argument in "$@"; do
  case "$argument" in
    computes=*) computes=${argument#computes=} ;;
    nodeOutbound=*) outbound=${argument#nodeOutbound=} ;;
  esac
done
case "$computes" in
  '' | '[]') computes='[{"name": "cpu-cluster", "vmSize": "Standard_D4s_v5"}]' ;;
esac

providers='App Authorization Compute ContainerRegistry EventGrid Insights ManagedIdentity Network OperationalInsights'
providers="$providers Storage Web"
failed=0
# say ok|no|unknown WHAT DETAIL: a line of the table.
say() {
  [ "$1" = ok ] || failed=1
  printf '%-8s %-26s %s\n' "$1" "$2" "$3"
}

# verdict EXIT_CODE WHAT GOOD BAD: a line of the table for something that is so (0) or not.
verdict() {
  if [ "$1" -eq 0 ]; then say ok "$2" "$3"; else say no "$2" "$4"; fi
}

# ask NAME QUERY...: what az answers, on lines; without an answer, the line of the table says so.
ask() {
  what=$1
  shift
  if ! answer=$(az "$@" --output tsv 2>/dev/null); then
    say unknown "$what" "Azure did not answer: az $1 $2 ..."
    return 1
  fi
}

for tool in git curl awk base64; do
  command -v "$tool" >/dev/null || say no "tool $tool" "is not installed"
done
if [ "${BATCH_IMAGE_BUILD:-registry}" = docker ]; then
  code=0
  command -v docker >/dev/null || code=1
  verdict "$code" "tool docker" "builds the image" "is to build the image, and is not installed"
fi
if ask "Azure CLI" version --query '"azure-cli"'; then
  say ok "Azure CLI" "$answer"
fi
if bicep=$(command az bicep version 2>/dev/null); then
  code=0
  said=$(check_bicep "$bicep" "az bicep upgrade" 2>&1) || code=1
  verdict "$code" Bicep "$bicep" "$said"
else
  say ok Bicep "az fetches the newest with the deployment"
fi

ask subscription account show --query "[name, id]" || exit 1
subscription=$(printf '%s\n' "$answer" | sed -n 2p)
say ok subscription "$(printf '%s\n' "$answer" | sed -n 1p) ($subscription)"

if ask providers provider list --query "[?registrationState == 'Registered'].namespace"; then
  missing=
  for provider in $providers; do
    printf '%s\n' "$answer" | grep --quiet --ignore-case --line-regexp "Microsoft\.$provider" ||
      missing="$missing Microsoft.$provider"
  done
  verdict "${#missing}" providers "are registered" "not registered:$missing (az provider register --wait --namespace ...)"
fi

if ask region functionapp list-flexconsumption-locations --query "[].name"; then
  code=0
  printf '%s\n' "$answer" | grep --quiet --line-regexp --fixed-strings "$region" || code=1
  verdict "$code" region "$region has Flex Consumption" \
    "$region is not one of those with Flex Consumption: $(printf '%s' "$answer" | tr '\n' ' ')"
fi

# May whoever deploys do what the deployment does? Each line has the actions of a role and those that it leaves out.
query="value[].[join(' ', not_null(actions, \`[]\`)), join(' ', not_null(notActions, \`[]\`))]"
if ask rights rest --method get --query "$query" \
  --url "/subscriptions/$subscription/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"; then
  lacking=$(printf '%s\n' "$answer" | awk -F '\t' '
    function matches(action, patterns, i, n, one, pattern) {
      n = split(patterns, one, " ")
      for (i = 1; i <= n; i++) {
        pattern = tolower(one[i])
        gsub(/\./, "[.]", pattern)
        gsub(/\*/, ".*", pattern)
        if (tolower(action) ~ "^" pattern "$") return 1
      }
      return 0
    }
    BEGIN {
      wanted = split("Microsoft.Resources/subscriptions/resourceGroups/write Microsoft.Resources/deployments/write " \
        "Microsoft.Storage/storageAccounts/write Microsoft.Authorization/roleAssignments/write " \
        "Microsoft.Authorization/roleDefinitions/write", action, " ")
    }
    { for (i = 1; i <= wanted; i++) if (matches(action[i], $1) && !matches(action[i], $2)) may[i] = 1 }
    END { for (i = 1; i <= wanted; i++) if (!may[i]) printf " %s", action[i] }')
  verdict "${#lacking}" rights "whoever deploys may do what the deployment does" \
    "whoever deploys lacks on the subscription:$lacking (docs/deploy.md, 'What you need')"
fi

if ask "$name" group exists --name "rg-$name"; then
  case "$answer" in
    true) say ok "rg-$name" "is there: a deployment changes it" ;;
    *) say ok "rg-$name" "is not there yet" ;;
  esac
fi

# One line for each compute: its name, size, and whether of spot machines.
wanted=$(printf '%s\n' "$computes" | tr -d ' \n' | tr '}' '\n' | awk '
  function text(key) {
    return match($0, "\"" key "\":\"[^\"]*\"") ? substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 5) : ""
  }
  text("name") != "" { print text("name"), text("vmSize"), ($0 ~ /"spot":true/) ? "spot" : "regular" }')
sizes=$(printf '%s\n' "$wanted" | awk '{ printf "%s\"%s\"", (NR > 1 ? "," : ""), $2 }')
query="[?contains(\`[$sizes]\`, name)].[name, family, length(not_null(restrictions[?type == 'Location'], \`[]\`))"
for capability in vCPUs HyperVGenerations CpuArchitectureType PremiumIO TrustedLaunchDisabled; do
  query="$query, (not_null(capabilities, \`[]\`)[?name == '$capability'].value)[0]"
done
if ask sizes vm list-skus --location "$region" --resource-type virtualMachines --all --query "$query]"; then
  known=$answer
  ask cores vm list-usage --location "$region" --query "[].[name.value, currentValue, limit]" || answer=
  lines=$(printf '%s\n' "$wanted" | KNOWN="$known" USAGE="$answer" awk '
    BEGIN {
      for (n = split(ENVIRON["KNOWN"], row, "\n"); n > 0; n--) { split(row[n], at, "\t"); size[tolower(at[1])] = row[n] }
      for (n = split(ENVIRON["USAGE"], row, "\n"); n > 0; n--) {
        split(row[n], at, "\t")
        left[tolower(at[1])] = at[3] - at[2]
        told[tolower(at[1])] = 1
      }
    }
    function judge(compute, name, kind, family) {
      if (!(tolower(name) in size)) return "no\t" name " is not offered in the region"
      split(size[tolower(name)], at, "\t")
      if (at[3] > 0) return "no\t" name " is not offered to this subscription in the region"
      if (at[5] !~ /V2/) return "no\t" name " is not of generation 2"
      if (at[6] != "" && at[6] != "None" && at[6] != "x64") return "no\t" name " is " at[6] ", and the image x64"
      if (at[7] != "True") return "no\t" name " takes no Premium disk"
      if (at[8] == "True") return "no\t" name " has no Trusted Launch"
      family = kind == "spot" ? "lowprioritycores" : tolower(at[2])
      if (!told[family]) return "unknown\t" name ": Azure does not tell the cores left of " family
      if (left[family] < at[4]) return "no\t" name ": " left[family] " cores left of " family ", a node has " at[4]
      return "ok\t" name ": cores for " int(left[family] / at[4]) " nodes left of " family
    }
    { print $1 "\t" judge($1, $2, $3) }')
  while IFS='	' read -r compute state detail; do
    say "$state" "compute $compute" "$detail"
  done <<LINES
$lines
LINES
fi

if [ "$outbound" = publicIp ] && ask "public addresses" network list-usages --location "$region" \
  --query "[?name.value == 'StandardSkuPublicIpAddresses'].[currentValue, limit] | [0]"; then
  left=$(printf '%s\n' "$answer" | awk 'NR == 1 { used = $1 } NR == 2 { print $1 - used }')
  if [ -z "$left" ]; then
    say unknown "public addresses" "Azure does not tell its quota of Standard addresses"
  elif [ "$left" -gt 0 ]; then
    say ok "public addresses" "$left left: each node needs one (or nodeOutbound=natGateway)"
  else
    say no "public addresses" "none left, and each node needs one: ask for more, or nodeOutbound=natGateway"
  fi
fi
exit "$failed"
