#!/bin/sh
# Read by the scripts that call az. Each call goes to the subscription of azd or of the caller: asked in another one,
# Azure would know of no running nodes, and the deployment would end them.
set -eu

az() {
  command az "$@" ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"}
}
