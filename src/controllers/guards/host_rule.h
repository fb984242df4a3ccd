#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace stampede::controllers {

/// Under which names a listener answers, so that a page whose name is made to lead to it later (DNS
/// rebinding) is not taken for the listener's own. Ports do not count. Thread-safe.
class HostRule {
 public:
  /// `origin`: like "https://console.example", whose host alone is answered. Empty: "localhost",
  /// addresses of the loopback, and the one that `listen` names ("10.0.0.7:8080"), or every address
  /// if that is 0.0.0.0 or [::]. Addresses compare by their value. An address in `Host` was typed
  /// by somebody, and no DNS leads there.
  HostRule(std::string_view origin, std::string_view listen);

  bool allows(const http::Request& request) const;
  /// What is allowed, for people: "console.example", "localhost, 127.0.0.1, 10.0.0.7".
  std::string expected() const;

 private:
  std::string host_;      // of the origin; empty: what follows
  std::string listened_;  // an address
};

}  // namespace stampede::controllers
