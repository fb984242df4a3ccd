# What the scripts of this folder share; sourced by them.
set -euo pipefail

fail() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit 2
}

listens() { (: <"/dev/tcp/$1/$2") 2>/dev/null; }

# Sets `port` to a port of address $1 that nobody listens on, below the range that the system gives to
# clients. Until this script and its server have ended, no other script on this machine is given it:
# the server binds it later, and another one could have chosen it meanwhile.
free_port() {
  local folder=/tmp/stampede-ports.$UID reserved
  mkdir -p -m 700 "$folder"
  [[ -O $folder && ! -L $folder ]] || fail "$folder belongs to somebody else"
  while :; do
    port=$((SRANDOM % 12000 + 20000))
    exec {reserved}>>"$folder/$port"
    if flock --nonblock "$reserved" && ! listens "$1" "$port"; then return; fi
    exec {reserved}>&-
  done
}

# Sets `port` to the port of an option, $2: a number, 0 for a free one of address $1.
port_of() {
  [[ $2 =~ ^[0-9]{1,5}$ ]] && (($2 <= 65535)) || fail "\"$2\" is no port: expected 0 (a free one) to 65535"
  if (($2 == 0)); then free_port "$1"; else port=$2; fi
}

# Makes folder $1, sets `dir` to its absolute path, and keeps any other server out of it for as long as
# this script or its server lives.
own_folder() {
  mkdir -p "$1"
  chmod 700 "$1"
  dir=$(cd "$1" && pwd)
  exec {lock}>"$dir/lock"
  flock --wait 10 "$lock" || fail "$dir is in use by another server"
}

secret() { od -A n -N 18 -t x1 /dev/urandom | tr -d ' \n'; }

# Waits for the server, process $1, passing on SIGTERM and SIGINT; then ends the others, and this script
# with the server's status.
follow() {
  local server=$1 status=0
  shift
  while :; do
    wait "$server" && status=0 || status=$?
    kill -0 "$server" 2>/dev/null || break
  done
  (($# == 0)) || kill "$@" 2>/dev/null || true
  rm -f "$dir/pid"
  exit "$status"
}
