# Sourced by the scripts beside it, after servers.bash.
# shellcheck shell=bash disable=SC2034,SC2154

# start_nginx SCHEME [LINE...]: what we compare with, an nginx that answers everything with 200, over
# http or https, with these lines of its server; sets nginx_port and nginx_pid.
start_nginx() {
  local attempt scheme=$1 ssl=
  shift
  [[ $scheme == https ]] && ssl=ssl
  mkdir -p "$work/nginx"
  for attempt in {1..50}; do
    nginx_port=$((20000 + (RANDOM + attempt) % 10000))
    cat >"$work/nginx.conf" <<CONF
daemon off;
worker_processes 2;
worker_rlimit_nofile 20000;
pid $work/nginx/pid;
error_log $work/nginx/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path $work/nginx/body;
  proxy_temp_path $work/nginx/proxy;
  fastcgi_temp_path $work/nginx/fastcgi;
  uwsgi_temp_path $work/nginx/uwsgi;
  scgi_temp_path $work/nginx/scgi;
  server {
    listen 127.0.0.1:$nginx_port reuseport backlog=4096 $ssl;
    $*
    location / { return 200 "true"; }
  }
}
CONF
    nginx -c "$work/nginx.conf" 2>>"$work/nginx/error.log" &
    local pid=$!
    while kill -0 "$pid" 2>/dev/null; do
      if curl --silent --output /dev/null "$scheme://127.0.0.1:$nginx_port/"; then
        pids_+=("$pid")
        nginx_pid=$pid
        return
      fi
      sleep 0.02
    done
  done
  cat "$work/nginx/error.log" >&2
  exit 1
}
