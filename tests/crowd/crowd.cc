#include "tests/crowd/crowd.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace stampede::crowd {
namespace {

using namespace std::chrono_literals;

/// Nobody looks at the queue less often than this: another connection may have put a buyer back.
constexpr auto kLookAgain = 20ms;
/// At a pending purchase; each further look comes after twice the time, up to a second.
constexpr auto kFirstLook = 50ms;

}  // namespace

Crowd::Crowd(Options options, std::vector<Shopper> shoppers, AnswerLog& log)
    : options_(std::move(options)),
      shoppers_(std::move(shoppers)),
      log_(&log),
      random_(options_.seed),
      undecided_(shoppers_.size()) {
  std::ranges::shuffle(shoppers_, random_);
  for (Shopper& shopper : shoppers_) again(shopper, Clock::time_point::min());
}

Shopper* Crowd::next(Clock::time_point now) {
  if (waiting_.empty() || waiting_.top().time > now) return nullptr;
  Shopper* shopper = waiting_.top().shopper;
  waiting_.pop();
  return shopper;
}

Clock::time_point Crowd::next_due(Clock::time_point now) const {
  const Clock::time_point soon = now + kLookAgain;
  return waiting_.empty() ? soon : std::min(soon, waiting_.top().time);
}

std::string Crowd::key_of(const Shopper& shopper) const {
  return fmt::format("crowd-{:016x}-{}-{}", options_.seed, shopper.buyer, shopper.intent);
}

std::string Crowd::request_of(const Shopper& shopper) const {
  const std::string who = fmt::format("Host: {}\r\nCookie: uid={}; sign={}\r\n", options_.host,
                                      shopper.buyer, shopper.sign);
  if (!shopper.location.empty()) {
    return fmt::format("GET {} HTTP/1.1\r\n{}Accept: application/json\r\n\r\n", shopper.location,
                       who);
  }
  const std::string pass =
      shopper.pass.empty() ? "" : fmt::format("Captcha-Pass: {}\r\n", shopper.pass);
  return fmt::format(
      "POST /check?productID={} HTTP/1.1\r\n{}Idempotency-Key: {}\r\n{}Content-Length: 0\r\n\r\n",
      options_.product, who, key_of(shopper), pass);
}

std::chrono::microseconds Crowd::jitter(std::chrono::microseconds most) {
  return std::chrono::microseconds{
      std::uniform_int_distribution<std::int64_t>{0, most.count()}(random_)};
}

void Crowd::unreachable(Shopper& shopper, Clock::time_point now) {
  ++repeated_["unreachable"];
  again(shopper, now + 5ms + jitter(20ms));
}

void Crowd::record(const Shopper& shopper, const Reply& reply) {
  const std::string key = key_of(shopper);
  log_->append({.buyer = shopper.buyer,
                .product = options_.product,
                .key = key,
                .status = reply.status,
                .result = reply.result,
                .order = reply.order});
}

void Crowd::decide(const Reply& reply) {
  --undecided_;
  if (reply.status == 200 || reply.status == 201) {
    ++sold_;
    if (options_.tell_every > 0 && sold_ % options_.tell_every == 0) {
      fmt::print("sold {}\n", sold_);
      std::fflush(stdout);
    }
  } else {
    ++refused_[fmt::format("{} {}", reply.status, reply.result)];
  }
}

/// The answer of a pending purchase's own page. Only an outcome counts; whatever else comes leaves
/// the purchase pending.
void Crowd::looked(Shopper& shopper, const Reply& reply, Clock::time_point now) {
  if (reply.status == 404) {  // no outcome: the same key to /check again
    ++repeated_["404 unknown-purchase"];
    shopper.location.clear();
    return again(shopper, now);
  }
  if (reply.status != 200 && reply.result != "purchase-failed") {
    if (reply.status != 202) ++repeated_[fmt::format("look: {} {}", reply.status, reply.result)];
    const auto wait = kFirstLook * (1 << std::min(shopper.looks++, 4));
    return again(shopper, now + wait + jitter(wait));
  }
  record(shopper, reply);
  shopper.location.clear();
  if (reply.status == 200) return decide(reply);
  ++repeated_["look: purchase-failed"];
  ++shopper.intent;
  again(shopper, now);
}

void Crowd::heard(Shopper& shopper, Reply reply, Clock::duration latency, Clock::time_point now) {
  latencies_.push_back(static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(latency).count()));
  if (!shopper.location.empty()) return looked(shopper, reply, now);
  record(shopper, reply);
  switch (reply.status) {
    case 0:
      ++repeated_[reply.may_have_been_idle ? "lost, may have been idle" : "lost"];
      return again(shopper, now + jitter(20ms));
    case 202:
      ++repeated_["202 pending"];
      shopper.location = std::move(reply.location);
      shopper.looks = 0;
      return again(shopper, now + kFirstLook + jitter(kFirstLook));
    case 429:
    case 503: {
      ++repeated_[fmt::format("{} {}{}", reply.status, reply.result,
                              reply.retry_after > 0s ? "" : " without Retry-After")];
      // As a patient client does: at least what the server asked, longer each time it says so.
      const auto asked = std::max(reply.retry_after, 1s);
      const auto longer = std::min(asked * (1 << std::min(shopper.refusals++, 4)),
                                   std::chrono::seconds{options_.longest_wait});
      const auto wait = std::max(asked, longer);
      return again(shopper, now + wait + jitter(wait));
    }
    default:
      break;
  }
  if (reply.result == "purchase-failed") {
    ++repeated_["409 purchase-failed"];
    ++shopper.intent;
    return again(shopper, now);
  }
  decide(reply);
}

std::string Crowd::summary(Clock::duration elapsed) const {
  const double seconds = std::chrono::duration<double>(elapsed).count();
  std::string text =
      fmt::format("{} buyers, {} answers in {:.2f} s: {:.0f} a second\n", shoppers_.size(),
                  latencies_.size(), seconds, static_cast<double>(latencies_.size()) / seconds);
  text += fmt::format("yes        {}\n", sold_);
  for (const auto& [kind, count] : refused_) text += fmt::format("no         {} {}\n", count, kind);
  for (const auto& [kind, count] : repeated_)
    text += fmt::format("again      {} {}\n", count, kind);
  text += fmt::format("undecided  {}\n", undecided_);
  std::vector<std::uint32_t> sorted = latencies_;
  std::ranges::sort(sorted);
  for (const auto& [name, share] : {std::pair{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}}) {
    if (sorted.empty()) break;
    const auto rank = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
    text += fmt::format("latency    {} {:.2f} ms\n", name, sorted[rank] / 1000.0);
  }
  return text;
}

}  // namespace stampede::crowd
