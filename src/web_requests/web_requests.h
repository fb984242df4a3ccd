#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stampede::web_requests {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One request to a service of somebody else.
struct Request {
  std::string method = "GET";  // GET, HEAD, POST, PUT, PATCH or DELETE
  std::string url;             // "https://host[:port]/path?query"; plain http by an option alone
  Headers headers;             // without Host and Content-Length
  std::string body;            // sent if the method is POST, PUT or PATCH
  /// For all of it, from send() on: the wait in the queue, the name, the handshake, the answer.
  std::chrono::milliseconds timeout{5'000};
};

/// What the service answered, whatever its status is; a redirect (3xx) is not followed.
struct Response {
  int status = 0;  // 100 to 999
  Headers headers;
  std::string body;

  /// The first header of that name, without regard to case; empty if there is none.
  std::string_view header(std::string_view name) const;
};

/// Why there is no answer.
enum class Failure : std::uint8_t {
  kInvalid,         // no request that could be sent: another scheme, a line break in a header
  kQueueFull,       // too many wait already
  kBreakerOpen,     // the last ones failed, and the next is tried later (breaker.h)
  kStopped,         // by stop()
  kNoConnection,    // the name is unknown, or nobody listens there
  kAddressRefused,  // the host is at an address to which no connection may be made
  kUntrusted,       // no TLS, or the certificate is not one that is trusted for that host
  kNotBegun,        // by a fault of this process: no thread was free in time, no memory
  kTimeout,         // of Request::timeout, once a thread had it
  kConnectionLost,  // or it is not HTTP that came
  kTooLarge         // more came than one answer may have
};
std::string_view to_string(Failure failure);

struct Error {
  Failure failure = Failure::kInvalid;
  /// For the log: a sentence in the words of the library. Nothing of the request but its host.
  std::string detail;
  /// Some of the request may have reached the service: what it did is not known. False: it did
  /// nothing, and the request may be sent again without harm.
  bool sent = false;
};

using Result = std::expected<Response, Error>;

/// Requests over HTTPS to one service of somebody else: a captcha's provider, a payment provider, a
/// shop's webhook. One object a service, so that one that hangs takes no thread from another, and
/// each has a breaker of its own. Thread-safe. The real one is web_requests/curl.
class WebRequests {
 public:
  using Done = std::move_only_function<void(Result)>;

  virtual ~WebRequests() = default;

  /// Returns at once. `done` is called exactly once, and must neither block nor throw: on one of
  /// this object's threads, or before send() returns where the request is refused without being
  /// sent (kInvalid, kQueueFull, kBreakerOpen, kStopped), or by the thread that calls stop(). The
  /// caller therefore holds no lock that `done` takes. A request with a body is sent once at most;
  /// one without may be sent a second time where a kept connection turns out to be closed.
  virtual void send(Request request, Done done) = 0;

  /// Ends the requests that run, within some two seconds, and those that wait at once: each `done`
  /// is called with kStopped. Blocks; later requests are refused. Call it while what the callbacks
  /// use is still there.
  virtual void stop() = 0;
};

}  // namespace stampede::web_requests
