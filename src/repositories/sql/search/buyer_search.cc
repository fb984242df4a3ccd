#include "repositories/sql/search/buyer_search.h"

#include <fmt/format.h>

#include <string>

#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {
namespace {

/// Entries `b` of the blacklist that meet `condition`, which uses `value`, and hold at `now`.
std::vector<BlacklistedBuyer> select(soci::session& session, std::string_view condition,
                                     std::int64_t value, std::size_t limit, Instant now) {
  BlacklistedBuyer buyer;
  Nullable expires_at;
  std::int64_t created_at = 0;
  const auto instant = to_column(now);
  soci::statement select =
      (session.prepare << fmt::format(
           "SELECT b.user_id, b.reason, b.expires_at, b.created_at, COALESCE(u.name, '') "
           "FROM blacklist b LEFT JOIN users u ON u.id = b.user_id WHERE {} :value "
           "AND (b.expires_at IS NULL OR b.expires_at > :now) ORDER BY b.user_id LIMIT :most",
           condition),
       soci::use(value), soci::use(instant), soci::use(limit), soci::into(buyer.entry.user.value),
       soci::into(buyer.entry.reason), into(expires_at), soci::into(created_at),
       soci::into(buyer.name));
  std::vector<BlacklistedBuyer> buyers;
  for (select.execute(); select.fetch();) {
    buyer.entry.expires_at = expires_at.instant();
    buyer.entry.created_at = to_instant(created_at);
    buyers.push_back(buyer);
  }
  return buyers;
}

}  // namespace

std::vector<User> SqlBuyerSearch::named(std::string_view prefix, std::string_view after,
                                        std::size_t limit) {
  const std::string begin = folded(prefix);
  // Names are ASCII and compare by their bytes, so nothing that begins with it comes after this.
  const std::string end = begin + '\x7f';
  const std::string last = folded(after);
  return database_.read([&](soci::session& session) {
    UserRow row;
    soci::statement select(session);
    row.define(select);
    for (const auto* value : {&begin, &end, &last}) select.exchange(soci::use(*value));
    select.exchange(soci::use(limit));
    prepare(select, fmt::format("SELECT {} FROM users u WHERE u.folded_name >= :begin "
                                "AND u.folded_name < :end AND u.folded_name > :last "
                                "ORDER BY u.folded_name LIMIT :most",
                                UserRow::kColumns));
    std::vector<User> users;
    for (select.execute(); select.fetch();) users.push_back(row.user());
    return users;
  });
}

std::optional<BlacklistEntry> SqlBuyerSearch::blacklisted(UserId user, Instant now) {
  return database_.read([&](soci::session& session) -> std::optional<BlacklistEntry> {
    const auto found = select(session, "b.user_id =", user.value, 1, now);
    if (found.empty()) return std::nullopt;
    return found.front().entry;
  });
}

std::vector<BlacklistedBuyer> SqlBuyerSearch::blacklist(UserId after, std::size_t limit,
                                                        Instant now) {
  return database_.read([&](soci::session& session) {
    return select(session, "b.user_id >", after.value, limit, now);
  });
}

}  // namespace stampede::repositories::sql
