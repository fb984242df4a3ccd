#include "consumers/batch_writer.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "queue/codec.h"
#include "repositories/storage_error.h"
#include "telemetry/log.h"

namespace stampede::consumers {

using repositories::StorageError;

void BatchWriter::take(std::span<const queue::Message> messages,
                       std::span<const queue::UnreadableMessage> unreadable) {
  unreadable_ = unreadable;
  parts_.clear();
  if (!messages.empty()) parts_.push_back(messages);
}

BatchWriter::Step BatchWriter::step(Instant now) {
  const Step step = try_step(now);
  note_away(step == Step::kAway);
  return step;
}

void BatchWriter::note_away(bool away) {
  pause_ = next_pause_;
  next_pause_ = away ? std::min(pause_ * 2, retry_.last) : retry_.first;
  if (healthy_.exchange(!away) != away) return;
  if (listener_.away) listener_.away(away);
  if (!away) telemetry::log_info("orders are written again");
}

BatchWriter::Step BatchWriter::try_step(Instant now) {
  bool done = true;
  if (!unreadable_.empty()) {
    done = try_quarantine(unreadable_.front().body, unreadable_.front().reason, now);
    if (done) unreadable_ = unreadable_.subspan(1);
  } else if (!parts_.empty()) {
    done = write_front(now);
  }
  if (!done) {
    statistics_.retries.add();
    return Step::kAway;
  }
  return unreadable_.empty() && parts_.empty() ? Step::kDone : Step::kMore;
}

/// False while the database is away.
bool BatchWriter::write_front(Instant now) {
  const auto messages = parts_.front();
  services::orders::Written written;
  std::string reason;
  switch (try_write(messages, written, reason)) {
    case WriteResult::kAway:
      return false;
    case WriteResult::kWritten:
      parts_.pop_front();
      tell(written);
      return true;
    case WriteResult::kRefused:
      break;
  }
  if (messages.size() == 1) {
    if (!try_quarantine(queue::encode(messages), reason, now)) return false;
    parts_.pop_front();
    tell_quarantined(messages.front());
    return true;
  }
  const std::size_t half = messages.size() / 2;
  parts_.front() = messages.subspan(half);
  parts_.push_front(messages.first(half));
  return true;
}

BatchWriter::WriteResult BatchWriter::try_write(std::span<const queue::Message> messages,
                                                services::orders::Written& written,
                                                std::string& reason) {
  const auto began = std::chrono::steady_clock::now();
  auto result = WriteResult::kAway;
  try {
    written = writer_.write(messages);
    const auto took = std::chrono::steady_clock::now() - began;
    statistics_.batch_time.observe(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    return WriteResult::kWritten;
  } catch (const StorageError& error) {
    if (error.kind() == StorageError::Kind::kRefused) result = WriteResult::kRefused;
    reason = error.what();
  } catch (const std::logic_error& error) {  // a rule that cannot be kept for this message
    result = WriteResult::kRefused;
    reason = error.what();
  } catch (const std::exception& error) {
    reason = error.what();
  }
  telemetry::log_error("orders not written", "reason=\"{}\" waiting={}", reason, messages.size());
  return result;
}

/// Whatever stands in the way of that is taken for the database being away.
bool BatchWriter::try_quarantine(std::string_view body, std::string_view reason, Instant now) {
  if (dead_letters_.quarantine == nullptr) return false;
  try {
    dead_letters_.quarantine->put(dead_letters_.shard, body, reason, now);
  } catch (const StorageError& error) {
    telemetry::log_error("a message could not be put into quarantine", "reason=\"{}\"",
                         error.what());
    return false;
  }
  statistics_.quarantined.add();
  telemetry::log_error("a message is in quarantine", "shard={} reason=\"{}\"", dead_letters_.shard,
                       reason);
  return true;
}

/// A buyer may wait for that purchase.
void BatchWriter::tell_quarantined(const queue::Message& message) {
  const auto* purchase = std::get_if<Purchase>(&message);
  if (purchase != nullptr && listener_.quarantined) listener_.quarantined({purchase, 1});
}

void BatchWriter::tell(const services::orders::Written& written) {
  statistics_.batches.add();
  std::uint64_t failed = 0;
  for (const Order& order : written.orders) {
    if (order.status != OrderStatus::kFailed) continue;  // one that was cancelled had not failed
    ++failed;
    if (order.reason == FailureReason::kNoUnit) {
      telemetry::log_error("an order without a unit: the lease does not cover it",
                           "order={} sale={} lease={}", order.number.value, order.sale.value,
                           order.lease.value);
    }
  }
  statistics_.failed_orders.add(failed);
  statistics_.orders.add(written.orders.size() - failed);
  if (!written.orders.empty() && listener_.settled) listener_.settled(written.orders);
  if (!written.closed.empty() && listener_.closed) listener_.closed(written.closed);
}

}  // namespace stampede::consumers
