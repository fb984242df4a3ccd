#include "services/accounts/sessions.h"

#include <algorithm>
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>

#include "concurrency/striped.h"
#include "identity/claims.h"

namespace stampede::services::accounts {

using identity::ClaimReader;
using identity::ClaimWriter;
using identity::Purpose;

namespace {

constexpr std::chrono::hours kExtension{1};  // the least that is worth a new cookie

/// The last claim of a session that was begun with a second factor, or that is good as
/// `__Host-sign` alone. Others have no such claim, as those of older releases.
constexpr std::string_view kWithSecondFactor = "2fa";
constexpr std::string_view kHostBound = "host";

constexpr Purpose purpose_of(Sessions::Site site) {
  return site == Sessions::Site::kShop ? Purpose::kSession : Purpose::kOperator;
}

}  // namespace

class Sessions::Revocations {
 public:
  bool revoked(UserId user, SessionEpoch epoch) {
    return users_.with(user.value, [&](const Raised& raised) {
      const auto found = raised.find(user);
      return found != raised.end() && epoch < found->second.epoch;
    });
  }

  void raise(UserId user, SessionEpoch epoch, Instant now) {
    users_.with(user.value, [&](Raised& raised) {
      const auto [entry, first] = raised.try_emplace(user, Revocation{epoch, now});
      // The database reports the same epoch repeatedly; only a higher one counts as a new
      // revocation.
      if (!first && entry->second.epoch < epoch) entry->second = {epoch, now};
    });
  }

  /// Forgets revocations so old that the cookies they refuse have expired.
  void sweep(Instant now) {
    const auto minute = now.time_since_epoch() / std::chrono::minutes{1};
    if (swept_minute_.exchange(minute) == minute) return;  // at most once a minute
    for (std::size_t i = 0; i < users_.size(); ++i) {
      users_.with_stripe(i, [&](Raised& raised) {
        erase_if(raised, [&](const auto& entry) { return entry.second.at < now - kLifetime; });
      });
    }
  }

 private:
  struct Revocation {
    SessionEpoch epoch;  // the lowest epoch that is still valid
    Instant at;
  };
  using Raised = boost::unordered_flat_map<UserId, Revocation>;
  concurrency::Striped<Raised, 64> users_;
  std::atomic<std::int64_t> swept_minute_{0};
};

Sessions::Sessions(const identity::KeyRing& ring)
    : ring_(&ring), revocations_(std::make_unique<Revocations>()) {}
Sessions::~Sessions() = default;

std::string Sessions::seal(const Session& session, Site site) const {
  ClaimWriter claims;
  claims.integer(session.user.value)
      .integer(session.since.time_since_epoch().count())
      .integer(session.expires.time_since_epoch().count())
      .integer(session.epoch);
  if (site == Site::kConsole) claims.text(to_string(session.role));
  if (session.second_factor) claims.text(kWithSecondFactor);
  if (session.host_bound) claims.text(kHostBound);
  return ring_->seal(purpose_of(site), claims.bytes());
}

std::string Sessions::issue(UserId user, SessionEpoch epoch, Instant now, bool host_bound) const {
  return seal({.user = user,
               .since = now,
               .expires = now + kLifetime,
               .epoch = epoch,
               .host_bound = host_bound},
              Site::kShop);
}

std::string Sessions::issue_at_console(UserId user, UserRole role, SessionEpoch epoch, Instant now,
                                       bool second_factor) const {
  return seal({.user = user,
               .since = now,
               .expires = now + kLifetime,
               .epoch = epoch,
               .role = role,
               .second_factor = second_factor},
              Site::kConsole);
}

std::optional<Sessions::Session> Sessions::open(std::string_view cookie, Instant now,
                                                Site site) const {
  const auto opened = ring_->open(purpose_of(site), cookie);
  if (!opened) return std::nullopt;
  ClaimReader claims(*opened);
  Session session;
  session.user = UserId{claims.integer()};
  session.since = Instant{Instant::duration(claims.integer())};
  session.expires = Instant{Instant::duration(claims.integer())};
  session.epoch = claims.integer();
  if (site == Site::kConsole) {
    const auto role = user_role_named(claims.text());
    if (!role || !is_of_console(*role)) return std::nullopt;
    session.role = *role;
  }
  if (!claims.complete()) {
    const bool at_shop = site == Site::kShop;
    if (claims.text() != (at_shop ? kHostBound : kWithSecondFactor)) return std::nullopt;
    (at_shop ? session.host_bound : session.second_factor) = true;
  }
  if (!claims.complete() || session.expires <= now ||
      revocations_->revoked(session.user, session.epoch)) {
    return std::nullopt;
  }
  return session;
}

std::optional<Sessions::Extension> Sessions::extend(const Session& session, Instant now,
                                                    bool host_bound) const {
  Session longer = session;
  longer.host_bound = host_bound;
  longer.expires = std::min<Instant>(now + kLifetime, session.since + kLongest);
  if (longer.expires - session.expires < kExtension) return std::nullopt;
  return Extension{seal(longer, Site::kShop), longer.expires};
}

std::optional<UserId> Sessions::authenticate(std::string_view cookie, Instant now,
                                             Site site) const {
  const auto session = open(cookie, now, site);
  if (!session) return std::nullopt;
  return session->user;
}

void Sessions::revoke_below(UserId user, SessionEpoch epoch, Instant now) {
  revocations_->raise(user, epoch, now);
}

void Sessions::load(std::span<const std::pair<UserId, SessionEpoch>> raised, Instant now) {
  for (const auto& [user, epoch] : raised) revocations_->raise(user, epoch, now);
  revocations_->sweep(now);
}

}  // namespace stampede::services::accounts
