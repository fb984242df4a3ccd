#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "captcha/captcha.h"
#include "captcha/external/provider_answer.h"
#include "captcha/external/spent_tokens.h"
#include "concurrency/mutex.h"
#include "model/time.h"
#include "telemetry/metrics.h"
#include "web_requests/web_requests.h"

namespace stampede::captcha {

/// Asks a provider what the tokens of its challenges are worth, by the protocol `siteverify` that
/// Turnstile, hCaptcha and reCAPTCHA share: a form with `secret`, `response` and `remoteip`, and an
/// answer in JSON with `success`, `error-codes` and `hostname`. Thread-safe; `requests` must
/// outlive it, and be stopped before it is destroyed.
class Siteverify {
 public:
  struct Options {
    std::string verify_url;
    std::string script_url;  // what pages load
    std::string secret;
    std::string host;  // of the shop: where the challenge must have been answered
  };

  enum class Verdict : std::uint8_t {
    kAccepted,
    kRefused,     // wrong, expired, of another site, or used before
    kUnavailable  // the provider has not judged it: it may be sent again
  };

  Siteverify(Options options, web_requests::WebRequests& requests)
      : options_(std::move(options)), requests_(requests) {}

  /// What the token is worth, sent from `address` for this subject. The provider, which takes a
  /// token once, is asked once for all who send the same one meanwhile. `done` is called once:
  /// before this returns, or later on a thread of the requests; it must neither block nor throw.
  void judge(const Subject& subject, std::string_view token, std::string_view address, Now now,
             std::move_only_function<void(Verdict)> done);

  /// The provider is away: its script or its verdicts have failed to come kAwayAfter times in a
  /// row, and have not come since, or had less than kAwayFor ago. Then the shop's own captchas are
  /// given. What never got to it, because too many tokens wait here, says nothing of it; nor does
  /// an answer to a token that is no verdict, as a firewall gives to what looks hostile: the shop
  /// looks for itself then.
  bool away(Tick now) const;
  static constexpr int kAwayAfter = 3;
  static constexpr std::chrono::seconds kAwayFor{30};

  /// Asks whether script and verdicts are there, unless it was done less than kLookEvery ago,
  /// or kLookAgain where one has failed and is not away yet; away() tells afterwards. For a page
  /// that says that the challenge does not come: where no page can show it, no token comes that
  /// would tell. Returns at once.
  void look(Tick now);
  static constexpr std::chrono::seconds kLookEvery{5};
  static constexpr std::chrono::seconds kLookAgain{1};

  struct Counts {
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;     // by the provider
    std::uint64_t other_host = 0;  // answered on another site
    std::uint64_t replayed = 0;    // used before
    std::uint64_t unavailable = 0;
  };
  Counts counts() const;

 private:
  /// Whether one thing of the provider is there, as far as it is known.
  struct Part {
    int failures = 0;  // in a row, at most kAwayAfter
    Tick away_at;      // when it last failed as one that is away; zero: never
  };
  /// A request that is to be told what a token is worth.
  struct Waiting {
    Subject subject;
    std::move_only_function<void(Verdict)> done;
  };

  web_requests::Request question(std::string_view token, std::string_view address) const;
  void settle(const ProviderAnswer& said, const std::string& key, std::string_view token, Tick now,
              Waiting&& first);
  Verdict verdict_of(const ProviderAnswer& said, const Subject& subject, std::string_view token,
                     Tick now);
  void note(Part Siteverify::*part, bool there, Tick now);
  void complain(std::string_view what, std::string_view reason, Tick now);

  const Options options_;
  web_requests::WebRequests& requests_;
  SpentTokens spent_;
  mutable concurrency::Mutex mutex_;
  /// The fingerprints of tokens that the provider is asked about, and the further requests that
  /// wait for each.
  std::unordered_map<std::string, std::vector<Waiting>> under_way_ STAMPEDE_GUARDED_BY(mutex_);
  Part verdicts_ STAMPEDE_GUARDED_BY(mutex_);
  Part script_ STAMPEDE_GUARDED_BY(mutex_);
  Tick looked_at_ STAMPEDE_GUARDED_BY(mutex_);      // zero: never
  Tick complained_at_ STAMPEDE_GUARDED_BY(mutex_);  // likewise
  telemetry::Counter accepted_;
  telemetry::Counter refused_;
  telemetry::Counter other_host_;
  telemetry::Counter replayed_;
  telemetry::Counter unavailable_;
};

}  // namespace stampede::captcha
