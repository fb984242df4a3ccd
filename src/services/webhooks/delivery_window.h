#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/webhook.h"
#include "repositories/orders/order_history.h"
#include "repositories/webhooks/webhooks.h"

namespace stampede::services::webhooks {

/// An event on its way to an endpoint.
struct Delivery {
  WebhookPlace place;
  repositories::HistoryEntry entry;
};

/// How an attempt ended.
struct AttemptResult {
  WebhookPlace place;
  Instant began_at;
  std::chrono::milliseconds duration{0};
  int status = 0;       // of HTTP; 0: there was no answer
  std::string failure;  // why there was none, a slug
  std::optional<std::chrono::seconds> retry_after = std::nullopt;  // as the receiver asks
};

/// The deliveries to one endpoint: which event is delivered next, when one that failed is tried
/// again, and what is written of it. Each event is either behind a cursor (acknowledged, or not
/// wanted), or pending, or open: read, and neither. A cursor moves up to the first open one. So an
/// event that fails keeps no other waiting, until kPendingAtMost are pending: then no new one is
/// begun. Pending ones lie on both sides of a cursor. For one thread; reads no clock.
class DeliveryWindow {
 public:
  static constexpr std::size_t kPendingAtMost = 100;
  /// Attempts at a time.
  static constexpr std::size_t kAtOnce = 8;
  /// No page is read while so many events are read and not acknowledged.
  static constexpr std::size_t kReadAhead = 4'096;
  /// A success after so many attempts without an answer since the last success says that the
  /// endpoint was away and is back: what is pending is tried again at once, or when the receiver
  /// has asked for it. Each event is hurried so once, until it has failed again by its own time.
  static constexpr int kAwayAfter = 3;

  /// `endpoint` as it was when `progress` was read.
  DeliveryWindow(const WebhookEndpoint& endpoint, const repositories::WebhookProgress& progress);

  // What is read.

  /// Behind which seq of the shard to read on; nullopt: enough is read.
  std::optional<std::int64_t> read_after(std::int32_t shard) const;
  void add(std::int32_t shard, const repositories::HistoryPage& page);
  std::int32_t shards() const { return static_cast<std::int32_t>(shards_.size()); }
  /// Pending events whose time has come, each once until it has ended: to be given to add_due(), or
  /// to put_back() where they cannot be read now.
  std::vector<WebhookPlace> due(Instant now);
  /// nullopt: there is no such event; it is pending no more.
  void add_due(WebhookPlace place, const std::optional<repositories::HistoryEntry>& entry);

  void put_back(WebhookPlace place) { busy_.erase(place); }

  // What is delivered.

  /// The next one to be tried now. Its end is told by ended() or given_up().
  std::optional<Delivery> begin();
  /// `draw`: 0 to 1, for wait_after().
  void ended(const AttemptResult& result, Instant now, double draw);
  /// This process made no attempt, or ended it itself: that says nothing of the endpoint. The event
  /// is the next one that begin() gives.
  void given_up(WebhookPlace place);

  // What is written.

  /// What has changed since the last one; nullopt: nothing has.
  std::optional<repositories::WebhookRecord> take_record(Instant now);
  /// Attempts have ended since then.
  bool has_results() const { return !attempts_.empty(); }
  std::size_t pending() const { return pending_.size(); }
  /// No more is delivered: the endpoint is to be disabled.
  bool over() const { return over_.has_value(); }

 private:
  struct Shard {
    std::int64_t cursor = 0;      // as it was written last
    std::int64_t read_to = 0;     // up to here all is read
    std::set<std::int64_t> open;  // read, and neither acknowledged nor pending
    /// Not read yet, and pending from the beginning on: perhaps acknowledged since.
    std::set<std::int64_t> ahead;
    std::int64_t target() const { return open.empty() ? read_to : *open.begin() - 1; }
  };

  enum class Pace : std::uint8_t {
    kOwn,         // by the backoff
    kHurried,     // it is tried sooner, because the endpoint is back
    kWasHurried,  // and has failed: by the backoff until it fails again
  };
  struct Waiting {
    PendingWebhook row;
    /// The receiver has asked for no attempt sooner; nullopt: an earlier process knew.
    std::optional<Instant> not_before;
    Pace pace = Pace::kOwn;
  };

  Shard& shard(std::int32_t index) { return shards_[static_cast<std::size_t>(index)]; }
  void acknowledged(WebhookPlace place, Instant now);
  void failed(const AttemptResult& result, Instant now, double draw);
  Waiting& waiting_of(WebhookPlace place, Instant first_at);
  void hurry(Instant now);
  void forget(WebhookPlace place);
  void end_of_patience(const AttemptResult& result, Instant first_at, Instant now);

  const WebhookEndpoint endpoint_;
  const std::int64_t revision_;
  std::vector<Shard> shards_;
  std::map<WebhookPlace, Waiting> pending_;
  std::set<WebhookPlace> busy_;  // pending ones that were given out by due()
  std::deque<Delivery> due_;
  std::deque<Delivery> fresh_;  // open ones that were never tried
  std::map<WebhookPlace, Delivery> in_flight_;
  std::set<WebhookPlace> fresh_in_flight_;  // those of them that are not pending
  int unanswered_in_row_ = 0;
  std::optional<Instant> acknowledged_at_;  // when anything was, last
  std::optional<std::string> over_;         // why

  std::set<WebhookPlace> changed_;  // pending ones that are not written so
  std::vector<WebhookPlace> done_;
  std::vector<WebhookAttempt> attempts_;
  bool acknowledged_at_is_written_ = true;
  bool over_is_written_ = false;
};

}  // namespace stampede::services::webhooks
