#include "schedules/reload.h"

#include <utility>

#include "telemetry/log.h"

namespace stampede::schedules {

void Reload::run(Now now) {
  save_blacklist();
  if (const auto revisions = parts_.changes.poll()) polled_ = revisions;
  if (polled_) {
    load_changes(now);
    loaded_ = std::exchange(polled_, std::nullopt);
  }
  parts_.checkout.close_ended(now.wall);
  parts_.leasing.review(now);
  if (parts_.keys.reload()) telemetry::log_info("keys reloaded");
}

void Reload::save_blacklist() {
  auto unsaved = parts_.blacklist.take_unsaved();
  if (unsaved.empty()) return;
  try {
    parts_.saved_blacklist.put(unsaved);
  } catch (...) {
    parts_.blacklist.put_back(std::move(unsaved));
    throw;
  }
  telemetry::log_info("blacklisted for early attempts", "buyers={}", unsaved.size());
}

void Reload::load_changes(Now now) {
  if (!loaded_ || loaded_->catalog != polled_->catalog) {
    parts_.checkout.load_sales(parts_.catalog.sales());
    parts_.catalog_changed(parts_.catalog.products());
  }
  if (!loaded_ || loaded_->blacklist != polled_->blacklist) {
    parts_.blacklist.load(parts_.saved_blacklist.list(now.wall));
  }
  load_epochs(now);
}

void Reload::load_epochs(Now now) {
  // Clocks of two processes may differ by a little: look back a minute further than needed.
  const Instant since = epochs_since_ - std::chrono::minutes{1};
  const auto raised = parts_.accounts.epochs_raised(
      std::max(since, now.wall - services::accounts::Sessions::kLifetime));
  parts_.sessions.load(raised, now.wall);
  epochs_since_ = now.wall;
}

}  // namespace stampede::schedules
