# Sourced by the scripts beside it.
# shellcheck shell=bash

# need_tools NAME...: exits 2 if one is missing.
need_tools() {
  local tool
  PATH=$PATH:/usr/sbin  # where nginx is, which is not on everybody's path
  for tool in "$@"; do
    command -v "$tool" >/dev/null || {
      echo "$tool is missing; deploy/install-packages deploy/packages-{test,bench}.txt brings it" >&2
      exit 2
    }
  done
}
