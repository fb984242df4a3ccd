#include "schedules/reload.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "telemetry/log.h"

namespace stampede::schedules {
namespace {

/// Older sessions have ended; the clocks of those who gave them out may have been wrong.
constexpr auto kSessionsKept = 2 * services::accounts::Sessions::kLifetime;

}  // namespace

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
  auto unsaved = parts_.bans->live.take_unsaved();
  if (unsaved.empty()) return;
  try {
    parts_.bans->saved.put(unsaved);
  } catch (...) {
    parts_.bans->live.put_back(std::move(unsaved));
    throw;
  }
  telemetry::log_info("blacklisted for early attempts", "buyers={}", unsaved.size());
}

void Reload::load_changes(Now now) {
  if (const auto revisions = parts_.changes.poll()) polled_ = revisions;
  if (!polled_) return;
  if (!loaded_ || loaded_->catalog != polled_->catalog) {
    parts_.catalog_changed(parts_.catalog.sales(), parts_.catalog.products());
  }
  if (parts_.bans && (!loaded_ || loaded_->blacklist != polled_->blacklist)) {
    parts_.bans->live.load(parts_.bans->saved.list(now.wall));
  }
  load_epochs(now);
  loaded_ = std::exchange(polled_, std::nullopt);
}

void Reload::load_epochs(Now now) {
  const auto raised = parts_.accounts.epochs_raised(sessions_revision_, now.wall - kSessionsKept);
  parts_.sessions.load(raised.epochs, now.wall);
  sessions_revision_ = raised.revision;
}

}  // namespace stampede::schedules
