#include "schedules/reload.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "model/retention.h"
#include "telemetry/log.h"

namespace stampede::schedules {

void Reload::run(Now now) {
  std::exception_ptr failure;
  for (const auto step : {&Reload::load_changes, &Reload::review_stock, &Reload::save_blacklist,
                          &Reload::reload_keys}) {
    try {
      (this->*step)(now);
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

void Reload::review_stock(Now now) { parts_.review_stock(now); }

void Reload::reload_keys(Now) {
  if (parts_.keys.reload()) telemetry::log_info("keys reloaded");
}

void Reload::save_blacklist(Now) {
  if (!parts_.bans) return;
  auto unsaved = parts_.bans->in_memory.take_unsaved();
  if (unsaved.empty()) return;
  try {
    parts_.bans->saved.put(unsaved);
  } catch (...) {
    parts_.bans->in_memory.put_back(std::move(unsaved));
    throw;
  }
  telemetry::log_info("blacklisted for early attempts", "buyers={}", unsaved.size());
}

void Reload::load_changes(Now now) {
  if (const auto revisions = parts_.changes.poll()) polled_ = revisions;
  if (!polled_) return;
  std::vector<Sale> sales;
  std::vector<Product> products;
  std::optional<repositories::Revisions> later;
  const bool changed = !loaded_ || loaded_->catalog != polled_->catalog;
  if (changed) {
    auto listed = parts_.catalog.sales();
    sales = std::move(listed.sales);
    polled_->catalog = listed.revision;
    products = parts_.catalog.products();
    // A buyer may have been banned after the first poll and before one of these sales was made, so
    // the bans are polled again. A sale that is later than these is read in the next round.
    later = parts_.changes.poll();
    if (later) polled_->blacklist = later->blacklist;
  }
  if (parts_.bans && (!loaded_ || loaded_->blacklist != polled_->blacklist)) {
    const auto held = parts_.bans->saved.list(now.wall);
    parts_.bans->in_memory.load(held.entries);
    polled_->blacklist = held.revision;
  }
  load_epochs(now);
  if (changed) parts_.catalog_changed(std::move(sales), std::move(products));
  loaded_ = std::exchange(polled_, std::move(later));
}

void Reload::load_epochs(Now now) {
  const auto raised =
      parts_.accounts.epochs_raised(sessions_revision_, now.wall - kEndedSessionsTold);
  parts_.sessions.load(raised.epochs, now.wall);
  sessions_revision_ = raised.revision;
}

}  // namespace stampede::schedules
