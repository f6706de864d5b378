#!/bin/sh
# Starts the platform in its image with what is known only inside the container: the address where
# the other containers reach this one, and the key that deploy/prepare.sh made.
set -eu
key=/etc/cipherhorizon/platform.key

export CH_ADVERTISED_URL="${CH_ADVERTISED_URL:-http://$(hostname -i):$CH_COMMAND_PORT}"
if [ -z "${CH_API_KEY:-}" ] && [ -s "$key" ]; then
  CH_API_KEY=$(cat "$key")
  export CH_API_KEY
fi
exec cipherhorizon "$@"
