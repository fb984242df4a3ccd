#pragma once

#include <optional>
#include <string>
#include <utility>

#include "http/message.h"

namespace stampede::controllers {

/// Which pages' scripts and forms may act here: a request's `Origin`, when it is present, must be
/// the configured one, or the request's own while none is configured. Browsers always send it
/// across origins. Thread-safe.
class OriginRule {
 public:
  /// Like "https://shop.example": scheme, host and, unless it is the default, port.
  explicit OriginRule(std::optional<std::string> configured) : configured_(std::move(configured)) {}

  bool allows(const http::Request& request) const;
  /// Where the shop's pages are for whoever sent this request.
  std::string origin_for(const http::Request& request) const {
    return configured_ ? *configured_ : request.own_origin();
  }

 private:
  std::optional<std::string> configured_;
};

/// Whether a browser says (`Sec-Fetch-Site`) that a page of another origin made it ask: also one of
/// another host of the same site, whose requests carry the cookie. False for "none", which is a
/// person's: the address bar or a bookmark; and where nothing is said, as by programs.
bool is_from_another_site(const http::Request& request);

/// problem 403 `bad-origin`
http::Response bad_origin();

}  // namespace stampede::controllers
