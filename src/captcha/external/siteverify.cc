#include "captcha/external/siteverify.h"

#include <algorithm>
#include <utility>

#include "identity/fingerprint.h"
#include "telemetry/log.h"

namespace stampede::captcha {
namespace {

using concurrency::MutexLock;
using web_requests::Failure;
using web_requests::Request;
using web_requests::Result;
using Word = ProviderAnswer::Word;

constexpr std::size_t kLongestToken = 8'192;  // Turnstile's have 2,048 at most
/// A buyer waits for it.
constexpr std::chrono::milliseconds kTimeout{4'000};
constexpr std::chrono::seconds kComplainEvery{10};

/// It did not get to the provider: too many wait here, or this process ends.
bool never_sent(const Result& result) {
  return !result && (result.error().failure == Failure::kQueueFull ||
                     result.error().failure == Failure::kNotBegun ||
                     result.error().failure == Failure::kStopped);
}

/// Whoever answers so is there, and gives the script to browsers perhaps.
bool refuses_heads(int status) { return status == 403 || status == 405 || status == 501; }

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// The tokens of all providers are parts in base64, with either alphabet, between dots. No provider
/// promises that; nothing else has been seen.
bool is_token(std::string_view token) {
  return !token.empty() && token.size() <= kLongestToken && std::ranges::all_of(token, [](char c) {
    return is_letter_or_digit(c) || std::string_view("-_.+/=").find(c) != std::string_view::npos;
  });
}

/// As application/x-www-form-urlencoded has it.
void add_field(std::string& form, std::string_view name, std::string_view value) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  if (!form.empty()) form += '&';
  form += name;
  form += '=';
  for (const char c : value) {
    if (is_letter_or_digit(c) || c == '-' || c == '_' || c == '.') {
      form += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      form += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
}

}  // namespace

Request Siteverify::question(std::string_view token, std::string_view address) const {
  Request request{.method = "POST",
                  .url = options_.verify_url,
                  .headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                              {"Accept", "application/json"}},
                  .body = {},
                  .timeout = kTimeout};
  add_field(request.body, "secret", options_.secret);
  add_field(request.body, "response", token);
  if (!address.empty()) add_field(request.body, "remoteip", address);
  return request;
}

void Siteverify::judge(const Subject& subject, std::string_view token, std::string_view address,
                       Now now, std::move_only_function<void(Verdict)> done) {
  if (!is_token(token)) {
    refused_.add();
    return done(Verdict::kRefused);
  }
  const std::string key = identity::fingerprint({token});
  SpentTokens::Known known;
  {
    // Of two at once, the second finds the token either on its way or spent.
    const MutexLock lock(mutex_);
    known = spent_.look(token, subject, now.tick);
    if (known == SpentTokens::Known::kNew) {
      const auto [others, first] = under_way_.try_emplace(key);
      if (!first) {
        others->second.push_back({subject, std::move(done)});
        return;
      }
    }
  }
  switch (known) {
    case SpentTokens::Known::kRepeated:
      return done(Verdict::kAccepted);
    case SpentTokens::Known::kSpent:
      replayed_.add();
      return done(Verdict::kRefused);
    case SpentTokens::Known::kNew:
      break;
  }
  requests_.send(question(token, address),
                 [this, key, token = std::string(token), tick = now.tick,
                  first = Waiting{subject, std::move(done)}](const Result& result) mutable {
                   settle(read_provider_answer(result), key, token, tick, std::move(first));
                 });
}

void Siteverify::settle(const ProviderAnswer& said, const std::string& key, std::string_view token,
                        Tick now, Waiting&& first) {
  if (said.word == Word::kNoVerdict) {
    look(now);  // perhaps of this token alone, which a stranger has made up
  } else if (said.word != Word::kBusy) {
    note(&Siteverify::verdicts_, said.judged(), now);
  }
  first.done(verdict_of(said, first.subject, token, now));
  std::vector<Waiting> others;
  {
    const MutexLock lock(mutex_);
    others = std::move(under_way_.extract(key).mapped());
  }
  for (Waiting& other : others) other.done(verdict_of(said, other.subject, token, now));
}

Siteverify::Verdict Siteverify::verdict_of(const ProviderAnswer& said, const Subject& subject,
                                           std::string_view token, Tick now) {
  switch (said.word) {
    case Word::kNoVerdict:
    case Word::kNothing:
    case Word::kBusy:
      unavailable_.add();
      complain("external challenge not judged", said.reason, now);
      return Verdict::kUnavailable;
    case Word::kNo:
      refused_.add();
      return Verdict::kRefused;
    case Word::kYes:
      break;
  }
  if (said.host != options_.host) {
    other_host_.add();
    complain("external challenge answered on another site", said.host, now);
    return Verdict::kRefused;
  }
  if (spent_.spend(token, subject, now) == SpentTokens::Known::kSpent) {
    replayed_.add();
    return Verdict::kRefused;
  }
  accepted_.add();
  return Verdict::kAccepted;
}

void Siteverify::note(Part Siteverify::*part, bool there, Tick now) {
  const MutexLock lock(mutex_);
  Part& noted = this->*part;
  noted.failures = there ? 0 : std::min(noted.failures + 1, kAwayAfter);
  if (noted.failures == kAwayAfter) noted.away_at = now;
}

void Siteverify::complain(std::string_view what, std::string_view reason, Tick now) {
  {
    const MutexLock lock(mutex_);
    if (complained_at_ != Tick{} && now < complained_at_ + kComplainEvery) return;
    complained_at_ = now;
  }
  telemetry::log_warning(what, "reason=\"{}\"", reason);
}

bool Siteverify::away(Tick now) const {
  const MutexLock lock(mutex_);
  const auto is_away = [now](const Part& part) {
    return part.failures == kAwayAfter || (part.away_at != Tick{} && now < part.away_at + kAwayFor);
  };
  return is_away(verdicts_) || is_away(script_);
}

void Siteverify::look(Tick now) {
  {
    const MutexLock lock(mutex_);
    const auto in_doubt = [](const Part& part) {
      return part.failures > 0 && part.failures < kAwayAfter;
    };
    const auto pause = in_doubt(verdicts_) || in_doubt(script_) ? kLookAgain : kLookEvery;
    if (looked_at_ != Tick{} && now < looked_at_ + pause) return;
    looked_at_ = now;
  }
  requests_.send(question("none", ""), [this, now](const Result& result) {
    if (never_sent(result)) return;
    const ProviderAnswer said = read_provider_answer(result);
    note(&Siteverify::verdicts_, said.judged(), now);
    if (!said.judged()) {
      complain("the challenge's provider gives no verdicts", said.reason, now);
    }
  });
  Request head{.method = "HEAD", .url = options_.script_url, .headers = {}, .body = {}};
  head.timeout = kTimeout;
  requests_.send(std::move(head), [this, now](const Result& result) {
    if (never_sent(result)) return;
    const bool there = result && (result->status < 400 || refuses_heads(result->status));
    note(&Siteverify::script_, there, now);
    if (!there) {
      complain("the challenge's script does not come",
               result ? std::to_string(result->status) : result.error().detail, now);
    }
  });
}

Siteverify::Counts Siteverify::counts() const {
  return {.accepted = accepted_.value(),
          .refused = refused_.value(),
          .other_host = other_host_.value(),
          .replayed = replayed_.value(),
          .unavailable = unavailable_.value()};
}

}  // namespace stampede::captcha
