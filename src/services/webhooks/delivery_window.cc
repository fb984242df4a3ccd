#include "services/webhooks/delivery_window.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "services/webhooks/backoff.h"
#include "services/webhooks/message.h"

namespace stampede::services::webhooks {
namespace {

constexpr int kGone = 410;
constexpr int kTooManyRequests = 429;
constexpr int kUnavailable = 503;

bool acknowledges(int status) { return status >= 200 && status < 300; }

std::string words_of(const AttemptResult& result) {
  return result.status != 0 ? fmt::format("HTTP {}", result.status) : result.failure;
}

}  // namespace

DeliveryWindow::DeliveryWindow(const WebhookEndpoint& endpoint,
                               const repositories::WebhookProgress& progress)
    : endpoint_(endpoint),
      revision_(progress.revision),
      acknowledged_at_(progress.acknowledged_at) {
  for (const std::int64_t cursor : progress.cursors) {
    shards_.push_back({.cursor = cursor, .read_to = cursor, .open = {}, .ahead = {}});
  }
  for (const PendingWebhook& pending : progress.pending) {
    pending_[pending.place] = {.row = pending, .not_before = std::nullopt};
    if (pending.place.shard >= shards()) continue;
    Shard& of = shard(pending.place.shard);
    if (pending.place.seq > of.cursor) of.ahead.insert(pending.place.seq);
  }
}

std::optional<std::int64_t> DeliveryWindow::read_after(std::int32_t index) const {
  if (over_ || pending_.size() >= kPendingAtMost) return std::nullopt;
  std::size_t open = 0;
  for (const Shard& each : shards_) open += each.open.size();
  if (open >= kReadAhead) return std::nullopt;
  return shards_[static_cast<std::size_t>(index)].read_to;
}

void DeliveryWindow::add(std::int32_t index, const repositories::HistoryPage& page) {
  Shard& of = shard(index);
  for (const repositories::HistoryEntry& entry : page.entries) {
    const std::int64_t seq = entry.order.seq;
    if (seq <= of.read_to || of.ahead.contains(seq) || !endpoint_.wants(event_of(entry))) continue;
    of.open.insert(seq);
    fresh_.push_back({.place = {.shard = index, .seq = seq}, .entry = entry});
  }
  of.read_to = std::max(of.read_to, page.up_to);
  of.ahead.erase(of.ahead.begin(), of.ahead.upper_bound(of.read_to));
}

std::vector<WebhookPlace> DeliveryWindow::due(Instant now) {
  std::vector<WebhookPlace> places;
  if (over_) return places;
  for (const auto& [place, waiting] : pending_) {
    if (busy_.size() >= 2 * kAtOnce) break;
    if (waiting.row.next_at > now || !busy_.insert(place).second) continue;
    places.push_back(place);
  }
  return places;
}

void DeliveryWindow::add_due(WebhookPlace place,
                             const std::optional<repositories::HistoryEntry>& entry) {
  if (entry) {
    due_.push_back({.place = place, .entry = *entry});
    return;
  }
  forget(place);
}

/// It is pending no more.
void DeliveryWindow::forget(WebhookPlace place) {
  pending_.erase(place);
  busy_.erase(place);
  changed_.erase(place);
  done_.push_back(place);
}

std::optional<Delivery> DeliveryWindow::begin() {
  if (over_ || in_flight_.size() >= kAtOnce) return std::nullopt;
  const bool again = !due_.empty();
  if (!again && (fresh_.empty() || pending_.size() + fresh_in_flight_.size() >= kPendingAtMost)) {
    return std::nullopt;
  }
  std::deque<Delivery>& from = again ? due_ : fresh_;
  Delivery next = from.front();
  in_flight_.emplace(next.place, std::move(from.front()));
  from.pop_front();
  if (!again) fresh_in_flight_.insert(next.place);
  return next;
}

void DeliveryWindow::given_up(WebhookPlace place) {
  auto begun = in_flight_.extract(place);
  if (begun.empty()) return;
  auto& from = fresh_in_flight_.erase(place) != 0 ? fresh_ : due_;
  from.push_front(std::move(begun.mapped()));
}

void DeliveryWindow::ended(const AttemptResult& result, Instant now, double draw) {
  in_flight_.erase(result.place);
  fresh_in_flight_.erase(result.place);
  attempts_.push_back({.place = result.place,
                       .at = result.began_at,
                       .status = result.status,
                       .failure = result.failure,
                       .duration = result.duration});
  if (acknowledges(result.status)) {
    acknowledged(result.place, now);
  } else {
    failed(result, now, draw);
  }
}

void DeliveryWindow::acknowledged(WebhookPlace place, Instant now) {
  acknowledged_at_ = now;
  acknowledged_at_is_written_ = false;
  if (pending_.contains(place)) {
    forget(place);
  } else {
    shard(place.shard).open.erase(place.seq);
  }
  if (std::exchange(unanswered_in_row_, 0) >= kAwayAfter) hurry(now);
}

void DeliveryWindow::hurry(Instant now) {
  for (auto& [place, waiting] : pending_) {
    if (waiting.pace != Pace::kOwn || busy_.contains(place)) continue;
    // What the receiver asked of an earlier process is over by then.
    const Instant asked = waiting.not_before.value_or(now + kLongestRetryAfter);
    const Instant sooner = std::max(now, asked);
    if (sooner >= waiting.row.next_at) continue;
    waiting.row.next_at = sooner;
    waiting.pace = Pace::kHurried;
  }
}

DeliveryWindow::Waiting& DeliveryWindow::waiting_of(WebhookPlace place, Instant first_at) {
  const PendingWebhook row{.place = place, .first_at = first_at, .next_at = first_at};
  const auto [found, is_new] =
      pending_.try_emplace(place, Waiting{.row = row, .not_before = std::nullopt});
  if (is_new) shard(place.shard).open.erase(place.seq);
  return found->second;
}

void DeliveryWindow::failed(const AttemptResult& result, Instant now, double draw) {
  if (result.status == 0) ++unanswered_in_row_;
  Waiting& waiting = waiting_of(result.place, result.began_at);
  PendingWebhook& pending = waiting.row;
  busy_.erase(result.place);
  changed_.insert(result.place);
  ++pending.attempts;
  waiting.pace = waiting.pace == Pace::kHurried ? Pace::kWasHurried : Pace::kOwn;
  waiting.not_before = now;
  auto wait = wait_after(pending.attempts, draw);
  const bool may_ask = result.status == kTooManyRequests || result.status == kUnavailable;
  if (may_ask && result.retry_after) {
    const auto asked = std::min<std::chrono::seconds>(*result.retry_after, kLongestRetryAfter);
    waiting.not_before = now + asked;
    wait = std::max<std::chrono::milliseconds>(wait, asked);
  }
  const Instant end = pending.first_at + kGiveUpAfter;
  pending.next_at = std::min(now + wait, std::max(end, now));
  if (over_) return;
  if (result.status == kGone) {
    over_ = "the receiver answered 410 Gone";
  } else if (now >= end) {
    end_of_patience(result, pending.first_at, now);
  }
}

/// Where the endpoint has acknowledged others, it is the event that it will not have.
void DeliveryWindow::end_of_patience(const AttemptResult& result, Instant first_at, Instant now) {
  if (acknowledged_at_ && *acknowledged_at_ >= first_at) {
    forget(result.place);
    attempts_.push_back(
        {.place = result.place, .at = now, .status = 0, .failure = WebhookAttempt::kGivenUp});
    return;
  }
  over_ = fmt::format("it did not acknowledge {} for three days, nor anything else; last: {}",
                      id_of(result.place), words_of(result));
}

std::optional<repositories::WebhookRecord> DeliveryWindow::take_record(Instant now) {
  repositories::WebhookRecord record{.revision = revision_, .at = now};
  for (std::int32_t index = 0; index < shards(); ++index) {
    Shard& each = shard(index);
    const std::int64_t to = each.target();
    if (to <= each.cursor) continue;
    record.moved.push_back({.shard = index, .from = std::exchange(each.cursor, to), .to = to});
  }
  for (const WebhookPlace& place : std::exchange(changed_, {})) {
    record.pending.push_back(pending_.at(place).row);
  }
  record.done = std::exchange(done_, {});
  record.attempts = std::exchange(attempts_, {});
  if (!std::exchange(acknowledged_at_is_written_, true)) record.acknowledged_at = acknowledged_at_;
  if (over_ && !std::exchange(over_is_written_, true)) record.disabled = over_;
  const bool nothing = record.moved.empty() && record.pending.empty() && record.done.empty() &&
                       record.attempts.empty() && !record.disabled;
  if (nothing) return std::nullopt;
  return record;
}

}  // namespace stampede::services::webhooks
