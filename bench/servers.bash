# Sourced by the scripts beside it: a private folder, servers that live as long as the script, and
# the load. Names that end in _ are for this file only.
# shellcheck shell=bash disable=SC2034

build=${BUILD:-build/release}
stampede=$build/stampede
[[ -x $stampede ]] || {
  echo "$stampede is not built; ./test builds it, or BUILD=... names another folder" >&2
  exit 2
}
source bench/tools.bash
need_tools wrk curl sqlite3
ulimit -n "$(ulimit -Hn)"

work=$(mktemp -d --tmpdir stampede-bench-XXXXXX)
pids_=()
cleanup_() {
  local pid
  for pid in "${pids_[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids_[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup_ EXIT

# start_server DATA [NAME=VALUE...]: `stampede serve` with these variables; sets shop, console and
# server_pid once it is ready.
start_server() {
  local data=$1 line
  shift
  rm -f "$work/server.out"
  mkfifo "$work/server.out"
  env "$@" "$stampede" serve --data "$data" --listen 127.0.0.1:0 --console 127.0.0.1:0 \
    >"$work/server.out" 2>"$work/server.log" &
  server_pid=$!
  pids_+=("$server_pid")
  while read -r line; do
    case $line in
      'shop '*) shop=${line#shop } ;;
      'console '*) console=${line#console } ;;
      ready) return ;;
    esac
  done <"$work/server.out"
  cat "$work/server.log" >&2
  exit 1
}

# settle: waits until the server has drawn its captchas ahead, which would share the cores.
settle() {
  local drawn=0
  until ((drawn >= 240)); do
    sleep 0.05
    drawn=$(curl --silent "$console/metrics" | sed -n 's/^stampede_captchas_drawn_total //p')
    [[ -n $drawn ]] || {
      echo "$console/metrics names no stampede_captchas_drawn_total" >&2
      exit 1
    }
  done
}

# stop_server: SIGTERM; it must drain and exit 0.
stop_server() {
  kill "$server_pid"
  wait "$server_pid"
}

# open_sale DATA QUANTITY: prints the product's id once the running server has its sale on.
open_sale() {
  local data=$1 quantity=$2 product
  product=$("$stampede" product add --data "$data" --name "Bench $quantity")
  "$stampede" sale create --data "$data" --product "$product" --price-cents 100 \
    --quantity "$quantity" --no-captcha >/dev/null
  until curl --silent "$shop/product/$product/state" | grep --quiet '"on"'; do sleep 0.02; done
  echo "$product"
}

# load URL CONNECTIONS SECONDS BUYERS PRODUCT RUN [once]: what buyers.lua prints after `result`.
load() {
  local url=$1 connections=$2 seconds=$3 buyers=$4 product=$5 run=$6
  wrk -t2 -c"$connections" -d"${seconds}s" -s bench/buyers.lua "$url" -- \
    "$buyers" 2 "$product" "$run" "${@:7}" >"$work/wrk.out"
  sed -n 's/^result //p' "$work/wrk.out"
}

# Purchases that the server has committed.
sold_so_far() {
  curl --silent "$console/metrics" |
    sed -n 's/^stampede_check_answers_total{verdict="sold"} //p'
}

query() { sqlite3 -readonly "$1/stampede.db" "$2"; }
