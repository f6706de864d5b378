#!/bin/sh
# Runs to its end before the platform starts in Docker, and may run again at any time: makes the
# key that the platform's own processes bear where there is none, then what is missing of topics.
set -eu
umask 077
key=/etc/cipherhorizon/platform.key

if [ ! -s "$key" ]; then
  cipherhorizon keys create --role operator --label "the platform in Docker" > "$key.new"
  mv "$key.new" "$key"
fi
exec cipherhorizon topics apply
