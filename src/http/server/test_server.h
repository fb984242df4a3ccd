#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "concurrency/mutex.h"
#include "http/server/handlers/router.h"
#include "http/server/server.h"

namespace stampede::http::testing {

/// Waits until `condition` holds; false after 20 s.
inline bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

/// A server on a free port of the loopback. GET /later answers when the test does.
class TestServer {
 public:
  explicit TestServer(Limits limits = {}, unsigned threads = 2,
                      std::vector<std::string> trusted_proxies = {}, TransportLayer layer = {}) {
    router.get("/hello", [](Request&, Responder respond) { respond(html(200, "hello")); });
    router.get("/echo", [](Request& request, Responder respond) {
      respond(html(200, request.query_parameter("text").value_or("")));
    });
    router.post("/echo", [](Request& request, Responder respond) {
      respond(html(200, std::string(request.body)));
    });
    router.get("/later", [this](Request&, Responder respond) {
      const concurrency::MutexLock guard(mutex_);
      waiting_.push_back(std::move(respond));
      arrived_.notify_all();
    });
    router.get("/who", [](Request& request, Responder respond) {
      respond(html(200, std::string(request.client_address) + (request.secure ? " tls" : "")));
    });
    server = std::make_unique<Server>(ListenerOptions{.address = "127.0.0.1:0",
                                                      .threads = threads,
                                                      .limits = limits,
                                                      .trusted_proxies = trusted_proxies,
                                                      .layer = std::move(layer)},
                                      router);
  }
  ~TestServer() {
    server.reset();
    waiting_.clear();
  }

  /// The Responder of the next GET /later.
  Responder next_responder() {
    const concurrency::MutexLock guard(mutex_);
    arrived_.wait(mutex_, [&]() STAMPEDE_REQUIRES(mutex_) { return !waiting_.empty(); });
    Responder responder = std::move(waiting_.front());
    waiting_.pop_front();
    return responder;
  }

  std::uint16_t port() const { return server->port(); }

  Router router;  // more may be added before start()
  std::unique_ptr<Server> server;

 private:
  concurrency::Mutex mutex_;
  concurrency::Condition arrived_;
  std::deque<Responder> waiting_ STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::http::testing
