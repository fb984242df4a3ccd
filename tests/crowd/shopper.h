#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace stampede::crowd {

/// One buyer on the way to a definite answer.
struct Shopper {
  std::int64_t buyer = 0;
  std::string sign;
  std::string pass;
  int intent = 1;        // a purchase that failed begins with a new key
  int refusals = 0;      // 429 and 503 in a row
  std::string location;  // of a pending purchase; empty: ask /check
  int looks = 0;         // at that location, in a row
};

/// What one exchange brought.
struct Reply {
  int status = 0;  // 0: the connection was lost after the request had been sent
  std::string result;
  std::int64_t order = 0;
  std::string location;
  std::chrono::seconds retry_after{0};
  bool close = false;
  /// Lost without a byte, on a connection that had answered before: the server may have closed it
  /// as idle while the request was on its way, and no server can help that (RFC 9112, 9.3.1).
  bool may_have_been_idle = false;
};

}  // namespace stampede::crowd
