#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include "web_requests/breaker.h"
#include "web_requests/web_requests.h"

namespace stampede::web_requests {

/// Requests by libcurl: HTTP/1.1 over TLS 1.2 or later, on threads that block. The certificate and
/// its host are always checked, where the URL is not one of plain http. No redirect is followed; no
/// proxy, no .netrc and nothing else of the environment is used; no cookie is kept. Connections are
/// kept between requests, one for each thread.
class CurlWebRequests final : public WebRequests {
 public:
  struct Options {
    std::string name = "web";                  // of the threads, at most 15 characters
    unsigned threads = 4;                      // and so requests at a time
    std::size_t queue = 256;                   // requests that may wait for a thread
    std::size_t response_bytes = 64UL * 1024;  // of the headers, and as many of the body
    /// An answer counts once its headers are there, however its body goes on: so much of that as
    /// there was is kept. What is too large is not read on, and neither is a connection kept then.
    bool status_alone = false;
    /// A PEM file with the only authorities that are trusted; empty: those of the system.
    std::filesystem::path ca_file;
    /// What was sent and not answered fails too; and an answer of status 500 or more, unless
    /// strangers choose what is asked, and could make it fail for others.
    Breaker::Options breaker;
    bool errors_open_breaker = true;
    /// Connections are made to addresses of the public network alone (net/public_address.h),
    /// whatever the host's name is and whenever it is looked up.
    bool public_addresses_only = false;
    /// URLs of plain http are taken too, to addresses that are not public.
    bool plain_to_private = false;
  };

  explicit CurlWebRequests(Options options);
  ~CurlWebRequests() override;

  void send(Request request, Done done) override;

  void stop() override;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace stampede::web_requests
