# Sourced after servers.bash: a whole cluster on this machine, for as long as the script lives.
# shellcheck shell=bash disable=SC2034,SC2154

need_tools mariadb mariadbd

declare -A address_of_  # where a validator answers
declare -A pid_of_

# await_ready_ FILE PID: waits for "ready" among the lines that go to FILE.
await_ready_() {
  until grep --quiet '^ready$' "$1" 2>/dev/null; do
    kill -0 "$2" 2>/dev/null || {
      cat "$1" >&2
      exit 1
    }
    sleep 0.05
  done
}

# role_ NAME ROLE [VARIABLE=VALUE...]
role_() {
  local name=$1 role=$2
  shift 2
  rm -f "$work/$name.out"  # of a process before
  env "$@" "$stampede" "$role" --config "$work/cluster.toml" >"$work/$name.out" 2>"$work/$name.log" &
  pid_of_[$name]=$!
  pids_+=($!)
  await_ready_ "$work/$name.out" "$!"
}

validator_() {
  local name=$1
  shift
  role_ "$name" validate STAMPEDE_CLUSTER_NODE="$name" STAMPEDE_HTTP_LISTEN=127.0.0.1:0 \
    STAMPEDE_HTTP_CONSOLE=127.0.0.1:0 "$@"
  address_of_[$name]=$(sed -n 's/^check //p' "$work/$name.out")
  local console
  console=$(sed -n 's/^console //p' "$work/$name.out")
  until curl --silent --fail --output /dev/null "$console/readyz"; do sleep 0.05; done
}

start_cluster() {
  local brokers database port
  export STAMPEDE_DATABASE_PASSWORD=bench STAMPEDE_QUEUE_USER=stampede STAMPEDE_QUEUE_PASSWORD=bench
  deploy/local/mariadb "$work/mariadb" >"$work/mariadb.out" 2>&1 &
  pid_of_[mariadb]=$!
  deploy/local/rabbitmq "$work/rabbitmq" >"$work/rabbitmq.out" 2>&1 &
  pid_of_[rabbitmq]=$!
  pids_+=("${pid_of_[mariadb]}" "${pid_of_[rabbitmq]}")
  await_ready_ "$work/mariadb.out" "${pid_of_[mariadb]}"
  await_ready_ "$work/rabbitmq.out" "${pid_of_[rabbitmq]}"
  database=$(sed -n 's/^mysql //p' "$work/mariadb.out")
  brokers=$(sed -n 's/^amqp //p' "$work/rabbitmq.out")
  port=$((SRANDOM % 12000 + 20000))
  (umask 077 && cat >"$work/cluster.toml") <<TOML
[cluster]
quantity = "127.0.0.1:$port"
[queue]
brokers = ["$brokers"]
[database]
address = "$database"
[data]
dir = "$work/keys"
TOML
  "$stampede" keys create --config "$work/cluster.toml" >/dev/null
  role_ quantity quantity STAMPEDE_HTTP_CONSOLE=127.0.0.1:0
  role_ consume consume STAMPEDE_HTTP_CONSOLE=127.0.0.1:0
  validator_ a
  validator_ b
  address_=$database
}

# restart_validators [VARIABLE=VALUE...]: with these settings.
restart_validators() {
  local name
  for name in a b; do
    kill "${pid_of_[$name]}"
    wait "${pid_of_[$name]}"
    validator_ "$name" "$@"
  done
}

stop_cluster() {
  local name
  for name in a b consume quantity rabbitmq mariadb; do
    kill "${pid_of_[$name]}"
    wait "${pid_of_[$name]}" || true
  done
  unset STAMPEDE_DATABASE_PASSWORD STAMPEDE_QUEUE_USER STAMPEDE_QUEUE_PASSWORD
}

sql_() {
  mariadb --no-defaults --user=stampede --password=bench --host="${address_%:*}" \
    --port="${address_#*:}" --skip-column-names --batch --execute="$1" stampede
}

# cluster_mint COUNT: makes buyers and a file of them for each validator, as a proxy would share them.
cluster_mint() {
  "$stampede" mint --config "$work/cluster.toml" --users "1-$1" --node |
    awk -v work="$work" '{ print $1, $2 >(work "/buyers." $3) }'
}

# open_cluster_sale QUANTITY: prints the product's id once both validators have its sale on.
open_cluster_sale() {
  local product sign name line=0
  product=$("$stampede" product add --config "$work/cluster.toml" --name "Bench $1")
  "$stampede" sale create --config "$work/cluster.toml" --product "$product" --price-cents 100 \
    --quantity "$1" --no-captcha --starts +4s >/dev/null
  for name in a b; do
    # Refused before the start, so it takes nothing; once the sale is known it says so. Another buyer
    # each time: ten attempts before the start are a script's.
    while :; do
      line=$((line + 1))
      sign=$(awk -v line="$line" 'NR == line { print $2 }' "$work/buyers.$name")
      curl --silent --request POST "${address_of_[$name]}/check?productID=$product" \
        --header "Cookie: sign=$sign" --header 'Idempotency-Key: bench-is-it-known' |
        grep --quiet --extended-regexp 'unknown-product|unavailable' || break
      sleep 0.05
    done
  done
  sleep "$(sql_ "SELECT GREATEST(0, starts_at / 1000 - UNIX_TIMESTAMP(NOW(3))) FROM sales
                 WHERE product = $product")"
  echo "$product"
}

# load_node NAME CONNECTIONS SECONDS PRODUCT RUN: what buyers.lua prints after `result`.
load_node() {
  wrk -t1 -c"$2" -d"${3}s" -s bench/buyers.lua "${address_of_[$1]}" -- \
    "$work/buyers.$1" 1 "$4" "$5" | sed -n 's/^result //p'
}

# live_orders PRODUCT
live_orders() {
  sql_ "SELECT COUNT(*) FROM orders o JOIN sales s ON s.id = o.sale
        WHERE s.product = $1 AND o.status = 'success'"
}
