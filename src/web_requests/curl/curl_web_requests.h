#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include "web_requests/breaker.h"
#include "web_requests/web_requests.h"

namespace stampede::web_requests {

/// Requests by libcurl: HTTP/1.1 over TLS 1.2 or later, on threads that block. The certificate and
/// its host are always checked. No redirect is followed; no proxy, no .netrc and nothing else of
/// the environment is used; no cookie is kept. Connections are kept between requests, one for each
/// thread.
class CurlWebRequests final : public WebRequests {
 public:
  struct Options {
    std::string name = "web";                  // of the threads, at most 15 characters
    unsigned threads = 4;                      // and so requests at a time
    std::size_t queue = 256;                   // requests that may wait for a thread
    std::size_t response_bytes = 64UL * 1024;  // of the headers, and as many of the body
    /// A PEM file with the only authorities that are trusted; empty: those of the system.
    std::filesystem::path ca_file;
    /// What was sent and not answered fails too; and an answer of status 500 or more, unless
    /// strangers choose what is asked, and could make it fail for others.
    Breaker::Options breaker;
    bool errors_open_breaker = true;
  };

  explicit CurlWebRequests(Options options);
  ~CurlWebRequests() override;

  void send(Request request, Done done) override;

  /// Ends the requests that run, within some two seconds, and those that wait at once: each `done`
  /// is called with kStopped. Blocks; later requests are refused. Call it while what the callbacks
  /// use is still there.
  void stop();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace stampede::web_requests
