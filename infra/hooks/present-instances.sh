#!/bin/sh
# Prints how many instances each scale set of an installation has now, such as cpu-cluster=2;gpu=1.
# A deployment that did not know them would set every scale set to none and end its running nodes, so nothing but a
# plain "false" stands for an installation that is not there yet.
set -eu
group="rg-$1"

exists=$(az group exists --name "$group" --output tsv \
  ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"})
if [ "$exists" != false ]; then
  az vmss list --resource-group "$group" --output tsv \
    ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"} \
    --query "join(';', [?tags.compute].join('=', [tags.compute, to_string(sku.capacity)]))"
fi
