#!/bin/sh
# Read by deploy.sh and azd's hook: what a scale set that is there cannot become.
set -eu

# check_computes GROUP COMPUTES_AS_JSON: stops when an entry makes a spot compute of another one, or the reverse. Azure
# changes no scale set's priority.
check_computes() {
  present=$(az vmss list --resource-group "$1" --output tsv \
    --query "[?tags.compute].[tags.compute, to_string(virtualMachineProfile.priority)]")
  # From the environment: the awk of macOS takes no lines in -v.
  printf '%s\n' "$2" | tr -d ' \n' | tr '}' '\n' | PRESENT="$present" awk '
    BEGIN {
      lines = split(ENVIRON["PRESENT"], line, "\n")
      for (i = 1; i <= lines; i++) {
        split(line[i], field, "\t")
        is_spot[field[1]] = (field[2] == "Spot")
        known[field[1]] = 1
      }
    }
    match($0, /"name":"[^"]*"/) {
      name = substr($0, RSTART + 8, RLENGTH - 9)
      if (known[name] && is_spot[name] != ($0 ~ /"spot":true/)) {
        printf "The compute %s has %s machines, and Azure changes no scale set to the other kind. ", \
          name, (is_spot[name] ? "spot" : "regular")
        print "Give the entry another name: the old scale set goes, and bml compute create makes the new compute."
        failed = 1
      }
    }
    END { exit failed }' >&2
}
