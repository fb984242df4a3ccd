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

 private:
  std::optional<std::string> configured_;
};

/// problem 403 `bad-origin`
http::Response bad_origin();

}  // namespace stampede::controllers
