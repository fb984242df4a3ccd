#include "web_requests/web_requests.h"

#include <algorithm>

namespace stampede::web_requests {
namespace {

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, small, small);
}

}  // namespace

std::string_view Response::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) return value;
  }
  return {};
}

std::string_view to_string(Failure failure) {
  switch (failure) {
    case Failure::kInvalid:
      return "invalid";
    case Failure::kQueueFull:
      return "queue-full";
    case Failure::kBreakerOpen:
      return "breaker-open";
    case Failure::kStopped:
      return "stopped";
    case Failure::kNoConnection:
      return "no-connection";
    case Failure::kAddressRefused:
      return "address-refused";
    case Failure::kUntrusted:
      return "untrusted";
    case Failure::kNotBegun:
      return "not-begun";
    case Failure::kTimeout:
      return "timeout";
    case Failure::kConnectionLost:
      return "connection-lost";
    case Failure::kTooLarge:
      return "too-large";
  }
  return "unknown";
}

}  // namespace stampede::web_requests
