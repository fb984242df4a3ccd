# A cluster on this machine for ./run --cluster; sourced by it, with $stampede (the program), $data
# (its folder), $listen and $console (the addresses of the proxy and of the console).

config=$data/cluster.toml
checkout=127.0.0.1:8089
parts=(rabbitmq mariadb quantity-a quantity-b consume validate-a validate-b checkout web admin proxy)
declare -A pids=() address=([rabbitmq]=:0 [mariadb]=:0)

# Sets `command` to what runs a part. The brokers' and the database's ports are free ones, so that the
# machine's own servers are in nobody's way; once known, they are kept.
command_of() {
  local role=("$stampede" "${1%-*}" --config "$config")
  case $1 in
    rabbitmq) command=(deploy/local/rabbitmq "$data/rabbitmq" --port "${address[rabbitmq]##*:}") ;;
    mariadb) command=(deploy/local/mariadb "$data/mariadb" --port "${address[mariadb]##*:}") ;;
    validate-a) command=("${role[@]}" --node a) ;;
    validate-b) command=("${role[@]}" --node b --listen 127.0.0.1:8086 --console 127.0.0.1:8096) ;;
    quantity-a) command=("${role[@]}" --listen 127.0.0.1:8084) ;;
    quantity-b) command=("${role[@]}" --listen 127.0.0.1:8087 --console 127.0.0.1:8097) ;;
    checkout)
      command=(env STAMPEDE_PAYMENT_SECRET_FILE="$checkout_secret" "$stampede" demo-checkout
        --config "$config" --listen "$checkout")
      ;;
    web)
      command=(env STAMPEDE_PAYMENT_SECRET_FILE="$checkout_secret"
        STAMPEDE_PAYMENT_CHECKOUT_URL="http://$checkout/checkout" "${role[@]}")
      ;;
    admin) command=("${role[@]}" --console "$console") ;;
    proxy) command=(env STAMPEDE_PROXY="$listen" haproxy -db -f deploy/haproxy.cfg) ;;
    *) command=("${role[@]}") ;;
  esac
}

# Starts a part in a session of its own: Ctrl-C reaches this script alone, which ends them in order.
# They end with it, however it ends.
begin() {
  local command
  command_of "$1"
  : >"$data/log/$1.out"
  setsid setpriv --pdeathsig TERM "${command[@]}" >"$data/log/$1.out" 2>>"$data/log/$1.log" &
  pids[$1]=$!
}

alive() { kill -0 "${pids[$1]}" 2>/dev/null; }

# Waits until a part says that it is ready; HAProxy says nothing, but it answers.
await() {
  local host=${listen%:*}
  until [[ $1 == proxy ]] && (: <"/dev/tcp/${host//[][]/}/${listen##*:}") 2>/dev/null ||
    grep --quiet '^ready$' "$data/log/$1.out"; do
    alive "$1" || {
      printf '%s did not start. It said, in %s:\n' "$1" "$data/log/$1.log" >&2
      tail -n 5 "$data/log/$1.log" >&2
      exit 1
    }
    sleep 0.05
  done
  case $1 in rabbitmq | mariadb) address[$1]=$(sed -n 's/^\(amqp\|mysql\) //p' "$data/log/$1.out") ;; esac
}

# In reverse order, so that what validators took still goes through the queue into the database.
end_all() {
  trap '' INT TERM
  local part number
  printf '\nending:'
  for ((number = ${#parts[@]} - 1; number >= 0; --number)); do
    part=${parts[number]}
    [[ -n ${pids[$part]-} ]] || continue
    printf ' %s' "$part"
    kill -TERM "${pids[$part]}" 2>/dev/null || true
    wait "${pids[$part]}" || true
  done
  printf '\n'
}

write_config() {
  cat >"$config" <<TOML
# Made by ./run --cluster, for all roles and for the operator's commands.
[data]
dir = "$data"

[http]
trusted_proxies = ["127.0.0.1"]

[cluster]
quantity = ["127.0.0.1:8084", "127.0.0.1:8087"]

[queue]
brokers = ["${address[rabbitmq]}"]
user = "stampede"
password = "$STAMPEDE_QUEUE_PASSWORD"

[database]
address = "${address[mariadb]}"
password = "$(<"$data/mariadb/password")"
TOML
}

print_map() {
  cat <<TEXT

  shop        http://$listen  (HAProxy)
   ├─ /check  validators  a 127.0.0.1:8083, b 127.0.0.1:8086   by the cookie "node"
   └─ rest    web         127.0.0.1:8082
  checkout    http://$checkout, the demo's own: pays without money
  quantity    127.0.0.1:8084 and 8087, between the roles only; one leads, the other stands by
  consume     from the queue into the database
  RabbitMQ    ${address[rabbitmq]}     deploy/local/rabbitmqctl $data/rabbitmq list_queues
  MariaDB     ${address[mariadb]}     mariadb --socket=$data/mariadb/socket stampede
  metrics     http://$console/metrics  of the cluster; of each role on 127.0.0.1:
              web 8092, validate 8093 and 8096, quantity 8094 and 8097, consume 8095
  logs        $data/log

Open the shop above, register, buy, and pay within two minutes. Any part that dies is started again: try kill -9.
Commands for the operator: $stampede COMMAND --config $config
Ctrl-C ends it all.
TEXT
}

# Starts again what ends, until Ctrl-C; as often as it takes, for a role may need a part that is still
# away.
watch_over() {
  local part
  while :; do
    wait -n || true
    sleep 1
    for part in "${parts[@]}"; do
      alive "$part" && continue
      printf '%s ended: starting it again\n' "$part"
      begin "$part"
    done
  done
}

run_cluster() {
  mkdir -p "$data/log"
  chmod 700 "$data"
  data=$(cd "$data" && pwd)
  config=$data/cluster.toml
  umask 077
  [[ -s $data/queue-password ]] || od -A n -N 18 -t x1 /dev/urandom | tr -d ' \n' >"$data/queue-password"
  export STAMPEDE_QUEUE_USER=stampede STAMPEDE_QUEUE_PASSWORD
  STAMPEDE_QUEUE_PASSWORD=$(<"$data/queue-password")
  trap end_all EXIT
  trap 'exit 0' INT TERM

  begin rabbitmq
  begin mariadb
  await mariadb
  await rabbitmq
  write_config
  shop() { "$stampede" "$@" --config "$config"; }
  [[ -f $data/keys ]] || shop keys create >/dev/null
  make_demo true
  make_checkout_secret "$data"
  local part
  for part in quantity-a quantity-b consume validate-a validate-b checkout web admin proxy; do
    begin "$part"
    await "$part"
  done
  print_map
  echo ready
  watch_over
}
