#!/bin/sh
# Read by the scripts that get the name of an installation. The resource group is `rg-NAME`, the deployment `batch-NAME`.
set -eu

# Stops when Azure would refuse a name that is made of this one: a deployment's has at most 64 characters.
check_name() {
  LC_ALL=C awk -v name="$1" 'BEGIN { exit !(name ~ /^[A-Za-z0-9()_.-]+$/ && name !~ /\.$/ && length(name) <= 58) }' || {
    echo "The name of an installation has 1 to 58 of the characters A-Z a-z 0-9 ( ) _ . - and does not end in a dot:" \
      "'$1' cannot be one." >&2
    exit 2
  }
}
