#!/bin/sh
# Read by the scripts that call az. Each call goes to the subscription of azd or of the caller. `time_limit` ends a call
# after so many seconds, where there is timeout(1).
set -eu

az() {
  if [ -n "${time_limit:-}" ] && command -v timeout >/dev/null; then
    timeout "$time_limit" az "$@" ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"}
  else
    command az "$@" ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"}
  fi
}
