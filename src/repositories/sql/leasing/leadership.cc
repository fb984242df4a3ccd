#include "repositories/sql/leasing/leadership.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {
namespace {

/// The row as it stands, and the database's time.
struct LeaderRow {
  Term term;
  std::int64_t expires_at = 0;
  std::int64_t now = 0;
};

/// An end that no renewal by this clock can have set: the clock was set back since the last one. A
/// leader that still renews its term sets it anew within a life.
bool may_take(const LeaderRow& found, const std::string& holder, std::chrono::milliseconds life) {
  return found.term.holder == holder || found.now >= found.expires_at ||
         found.expires_at > found.now + 2 * life.count();
}

LeaderRow select_leader(soci::session& session, const Dialect& dialect, std::string_view lock) {
  LeaderRow row;
  session << fmt::format(
      "SELECT holder, epoch, nonce, expires_at, {} FROM leader WHERE role = 'quantity'{}",
      dialect.milliseconds_now(), lock),
      soci::into(row.term.holder), soci::into(row.term.epoch), soci::into(row.term.nonce),
      soci::into(row.expires_at), soci::into(row.now);
  return row;
}

/// Nullopt if another term stands.
std::optional<Instant> time_of(const LeaderRow& row, const Term& term) {
  if (row.term != term) return std::nullopt;
  return to_instant(row.now);
}

}  // namespace

std::string draw_nonce() {
  std::array<unsigned char, 16> bytes{};
  if (getentropy(bytes.data(), bytes.size()) != 0) {
    throw std::system_error(errno, std::generic_category(), "getentropy");
  }
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

void require_leader(soci::session& session, const Dialect& dialect, const Term& term) {
  if (select_leader(session, dialect, dialect.for_share()).term != term) throw NoLongerLeader(term);
}

std::optional<TakenTerm> SqlLeadership::take(const std::string& holder, std::int64_t above,
                                             std::chrono::milliseconds life) {
  const Dialect& dialect = database_.dialect();
  return database_.write([&](soci::session& session) -> std::optional<TakenTerm> {
    // First without a lock: those that stand by do not make the leader wait.
    if (!may_take(select_leader(session, dialect, ""), holder, life)) return std::nullopt;
    const auto found = select_leader(session, dialect, dialect.for_update());
    if (!may_take(found, holder, life)) return std::nullopt;
    const Term term{
        .holder = holder, .epoch = std::max(found.term.epoch, above) + 1, .nonce = draw_nonce()};
    const std::int64_t lasts = life.count();
    // The time of this statement: the one before it may have waited for the lock.
    session << fmt::format(
        "UPDATE leader SET holder = :holder, epoch = :epoch, nonce = :nonce, "
        "expires_at = {} + :life WHERE role = 'quantity'",
        dialect.milliseconds_now()),
        soci::use(term.holder), soci::use(term.epoch), soci::use(term.nonce), soci::use(lasts);
    return TakenTerm{term, to_instant(found.now)};
  });
}

std::optional<Renewal> SqlLeadership::renew(const Term& term, std::chrono::milliseconds life) {
  const Dialect& dialect = database_.dialect();
  return database_.write([&](soci::session& session) -> std::optional<Renewal> {
    const std::int64_t lasts = life.count();
    session << fmt::format(
        "UPDATE leader SET expires_at = {} + :life WHERE role = 'quantity' "
        "AND holder = :holder AND epoch = :epoch AND nonce = :nonce",
        dialect.milliseconds_now()),
        soci::use(lasts), soci::use(term.holder), soci::use(term.epoch), soci::use(term.nonce);
    const auto time = time_of(select_leader(session, dialect, ""), term);
    if (!time) return std::nullopt;
    std::int64_t asked = 0;
    session << "SELECT asked_at FROM standby WHERE role = 'quantity'", soci::into(asked);
    return Renewal{*time, asked == 0 ? Instant::min() : to_instant(asked)};
  });
}

/// A row of its own: the leader's is locked by every transaction in its name.
void SqlLeadership::note_standby_asked() {
  database_.write([&](soci::session& session) {
    session << fmt::format("UPDATE standby SET asked_at = {} WHERE role = 'quantity'",
                           database_.dialect().milliseconds_now());
  });
}

void SqlLeadership::resign(const Term& term) {
  database_.write([&](soci::session& session) {
    session << "UPDATE leader SET expires_at = 0 WHERE role = 'quantity' AND holder = :holder "
               "AND epoch = :epoch AND nonce = :nonce",
        soci::use(term.holder), soci::use(term.epoch), soci::use(term.nonce);
  });
}

std::optional<Instant> SqlLeadership::standing(const Term& term) {
  const auto row = database_.read(
      [&](soci::session& session) { return select_leader(session, database_.dialect(), ""); });
  return time_of(row, term);
}

}  // namespace stampede::repositories::sql
