// The floor of the http room: a server that answers 200 "true" to every request, to be measured
// against a bare nginx `return 200` (bench/http_floor.sh). Ends on SIGINT or SIGTERM.

#include <fmt/core.h>
#include <pthread.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <string>

#include "http/server/handlers/router.h"
#include "http/server/server.h"

int main(int argc, char** argv) {
  using namespace stampede;
  http::ListenerOptions options{
      .address = "127.0.0.1:0", .threads = 2, .limits = {}, .trusted_proxies = {}};
  CLI::App app("answers 200 \"true\" to every request");
  app.add_option("--listen", options.address, "ADDRESS:PORT; port 0 takes a free one");
  app.add_option("--threads", options.threads, "threads")->check(CLI::Range(1, 256));
  CLI11_PARSE(app, argc, argv);

  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before there are threads

  http::Router router;
  router.otherwise([](http::Request&, http::Responder respond) {
    http::Response response;
    response.content_type = "text/plain";
    response.body = "true";
    respond(std::move(response));
  });
  try {
    http::Server server(options, router);
    server.start();
    fmt::print("{}\n", server.url());
    std::fflush(stdout);
    int signal = 0;
    sigwait(&signals, &signal);
    server.drain();
  } catch (const std::exception& error) {
    fmt::print(stderr, "http_floor: {}\n", error.what());
    return 1;
  }
}
