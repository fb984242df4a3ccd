#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "model/ids.h"
#include "model/time.h"

namespace stampede::peers {

/// Of a request that a peer passes on: the address that it came from.
inline constexpr std::string_view kClientHeader = "Stampede-Client";

/// A buyer's POST /check on its way to the validator that owns the buyer.
struct ForwardedCheck {
  std::string owner;  // Member::address
  UserId buyer;
  std::string target;   // path and query, as they came
  std::string session;  // its cookie, "sign=..."
  std::string intent;   // Idempotency-Key
  std::string pass;     // Captcha-Pass; may be empty
  std::string client;   // the address that it came from
};

/// The owner's answer, as the buyer is to get it.
struct ForwardedAnswer {
  int status = 0;
  std::string content_type;
  std::string location;     // or empty
  std::string retry_after;  // or empty
  std::string body;
};

enum class ForwardFailure {
  kNothingDone,  // the owner has not seen the request, or not let it in
  kLost          // the owner may have carried it out; its answer did not come
};

/// Passes purchases on to other validators. Thread-safe; does not block.
class Forwarder {
 public:
  using Result = std::expected<ForwardedAnswer, ForwardFailure>;
  /// Called once, within a few seconds, on any thread; must not block.
  using Done = std::move_only_function<void(Result)>;

  virtual ~Forwarder() = default;
  virtual void forward(const ForwardedCheck& check, Instant now, Done done) = 0;
};

}  // namespace stampede::peers
