#!/bin/sh
# After `azd provision`: what was switched off goes, and the scorer image is built.
set -eu
sh infra/switched-off.sh "$AZURE_ENV_NAME"
sh infra/image.sh
