#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

#include "model/idempotency_key.h"
#include "model/ids.h"
#include "model/orders/verdict.h"
#include "model/time.h"

namespace stampede::services::purchase {

/// Runs a task on one thread of the HTTP server, in order.
using Post = std::function<void(std::move_only_function<void()>)>;

/// A buyer who waits for the outcome. `resume` runs on the thread that `post` reaches.
struct Waiter {
  const Post* post = nullptr;
  std::move_only_function<void(Answer&&)> resume;
};

/// Makes the waiter of one attempt. Called at most once, and only if the buyer has to wait: most of
/// a rush is refused at once.
using MakeWaiter = std::function<Waiter()>;

/// One request to `/check`.
struct Attempt {
  UserId buyer;
  ProductId product;
  IdempotencyKey intent;
  std::string_view pass;  // the header Captcha-Pass, or empty
  Now now;
  SaleId sale = {};              // the sale that the buyer means; none: the product's current one
  std::string_view client = {};  // the address that it comes from
  /// How far `now` can be believed. By a wrong clock nobody is told *no* or *not yet*; where the
  /// tick may have stood still, and deadlines come too late, nothing is sold either.
  enum class Clock { kTrusted, kWrong, kJumped } clock = Clock::kTrusted;
};

/// Retry-After counts in whole seconds. The units in memory are taken and not settled yet: it will
/// not take long.
inline constexpr int kSoonSeconds = 2;

/// One to `most` seconds, so that a refused crowd does not return as one.
inline std::chrono::milliseconds jittered(int most, const Attempt& attempt) {
  const auto mixed = (static_cast<std::uint64_t>(attempt.now.tick.time_since_epoch().count()) ^
                      static_cast<std::uint64_t>(attempt.buyer.value)) *
                     0x9E3779B97F4A7C15ULL;
  return std::chrono::seconds{1 + static_cast<std::int64_t>(mixed >> 32) % most};
}

inline Answer unavailable(std::chrono::milliseconds retry_after) {
  return {.verdict = Verdict::kUnavailable, .retry_after = retry_after};
}
/// Decides nothing: the same key may be sent again soon.
inline Answer unavailable(const Attempt& attempt) {
  return unavailable(jittered(kSoonSeconds, attempt));
}

}  // namespace stampede::services::purchase
