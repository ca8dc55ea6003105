#!/bin/sh
# Read by the scripts that have the template compiled. An older Bicep does not know how to read the instances that a scale
# set has, or hands Azure an experimental form of it.
set -eu
bicep_needed=0.49.2

# check_bicep VERSION_TEXT REMEDY: stops when the compiler that prints this text is too old.
check_bicep() {
  printf '%s\n' "$1" | awk -v needed="$bicep_needed" '
    match($0, /[0-9]+\.[0-9]+\.[0-9]+/) { split(substr($0, RSTART, RLENGTH), has, "."); known = 1; exit }
    END {
      split(needed, wants, ".")
      for (i = 1; i <= 3; i++) if (has[i] + 0 != wants[i] + 0) exit !(has[i] + 0 > wants[i] + 0)
      exit !known
    }' || {
    echo "Bicep $bicep_needed or newer is needed, and this one says: $1. A newer one: $2." >&2
    exit 1
  }
}
