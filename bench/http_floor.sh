#!/bin/bash
# Measures bench/http_floor against a bare nginx `return 200`, interleaved in one run on the same
# cores: ./bench/http_floor.sh [build folder] [seconds] [rounds]. Prints requests per second and the
# ratio.
set -euo pipefail
# shellcheck source=bench/tools.bash
source "$(dirname "$0")/tools.bash"
need_tools nginx wrk
build=${1:-build/release}
seconds=${2:-5}
rounds=${3:-5}
work=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

"$build/bench/http_floor" --threads 2 --listen 127.0.0.1:0 >"$work/url" &
pids+=($!)
until ours=$(grep -s . "$work/url"); do read -rt 0.05 <> <(:) || true; done

port=${NGINX_PORT:-18099}
cat >"$work/nginx.conf" <<EOF
worker_processes 2;
daemon off;
pid $work/nginx.pid;
error_log $work/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:$port reuseport;
    default_type text/plain;
    location / { return 200 "true"; }
  }
}
EOF
nginx -p "$work" -c "$work/nginx.conf" &
pids+=($!)
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do read -rt 0.05 <> <(:) || true; done

rate() { wrk -t2 -c200 -d"${seconds}s" -H 'Cookie: uid=1234567; sign=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' "$1/" |
  awk '/Requests\/sec/ { printf "%d\n", $2 } /Socket errors|Non-2xx/ { print > "/dev/stderr" }'; }
median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for ((round = 1; round <= rounds; ++round)); do
  rate "http://127.0.0.1:$port" | tee -a "$work/nginx.rates" | sed 's/^/nginx       /'
  rate "$ours" | tee -a "$work/ours.rates" | sed 's/^/http_floor  /'
done
# Neighbours on the machine disturb both of a round alike, so the ratio is taken within rounds.
ratio=$(paste "$work/ours.rates" "$work/nginx.rates" | awk '{ print $1 / $2 }' | median)
printf 'median: nginx %d/s, http_floor %d/s; median ratio of a round %.3f\n' \
  "$(median <"$work/nginx.rates")" "$(median <"$work/ours.rates")" "$ratio"
