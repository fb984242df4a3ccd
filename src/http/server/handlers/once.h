#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace stampede::http {

/// Headers and cookies that a request may have only once. Of two, a proxy in front could go by the
/// first and a handler by the second, and a cookie may be another one that a neighbour's host has
/// set for this one too (RFC 6265, 8.6), so none is believed. Not thread-safe while names are
/// added.
class Once {
 public:
  /// Literals. Headers compare without regard to ASCII case. A cookie's name stands for the same
  /// with `__Host-` before it too, which is another cookie.
  void headers(std::span<const std::string_view> names);
  void cookies(std::span<const std::string_view> names);

  /// problem 400 `doubled-header` or `doubled-cookie`, which names it; nullopt: there is no double.
  std::optional<Response> refuse(const Request& request) const;

 private:
  std::vector<std::string_view> headers_;
  std::vector<std::string_view> cookies_;
};

}  // namespace stampede::http
