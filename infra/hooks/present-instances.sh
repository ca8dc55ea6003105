#!/bin/sh
# Prints how many instances each scale set of an installation has now, such as cpu-cluster=2;gpu=1.
# A deployment that did not know them would set every scale set to none and end its running nodes, so nothing but a
# plain "false" stands for an installation that is not there yet.
set -eu
. infra/az.sh
group="rg-$1"

exists=$(az group exists --name "$group" --output tsv)
if [ "$exists" != false ]; then
  az vmss list --resource-group "$group" --output tsv \
    --query "join(';', [?tags.compute].join('=', [tags.compute, to_string(sku.capacity)]))"
fi
