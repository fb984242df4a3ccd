#include "repositories/sql/members.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "repositories/sql/rows.h"

namespace stampede::repositories::sql {
namespace {

/// A member as the table holds it.
struct Joined {
  Member member;
  std::int64_t at = 0;
};

/// Of 128 bits: whoever knew it could send a crowd to one validator.
std::string draw_hash_key() {
  std::array<unsigned char, 16> bytes{};
  if (getentropy(bytes.data(), bytes.size()) != 0) {
    throw std::system_error(errno, std::generic_category(), "getentropy");
  }
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

std::vector<Joined> select_members(soci::session& session) {
  Joined row;
  soci::statement select =
      (session.prepare << "SELECT node, address, incarnation, joined_at FROM validators "
                          "ORDER BY node",
       soci::into(row.member.node), soci::into(row.member.address),
       soci::into(row.member.incarnation), soci::into(row.at));
  std::vector<Joined> members;
  for (select.execute(); select.fetch();) members.push_back(row);
  return members;
}

RingState select_ring(soci::session& session) {
  RingState ring;
  session << "SELECT epoch, hash_key, newest_lease FROM ring", soci::into(ring.epoch),
      soci::into(ring.hash_key), soci::into(ring.newest_lease.value);
  for (auto& joined : select_members(session)) ring.members.push_back(std::move(joined.member));
  return ring;
}

void ensure_hash_key(soci::session& session) {
  const std::string key = draw_hash_key();
  session << "UPDATE ring SET hash_key = :key WHERE hash_key = ''", soci::use(key);
}

/// A grant changes its sale's row before it inserts its lease: with all of them locked none is
/// under way, and the newest lease that is committed is the newest of all.
void await_grants(soci::session& session, std::string_view for_update) {
  std::int64_t sale = 0;
  soci::statement select =
      (session.prepare << fmt::format("SELECT id FROM sales ORDER BY id{}", for_update),
       soci::into(sale));
  for (select.execute(); select.fetch();) continue;
}

/// A process that was a member before joined when it did.
std::int64_t joined_at(const Member& member, const std::vector<Joined>& before, Instant now) {
  for (const auto& joined : before) {
    if (joined.member == member) return joined.at;
  }
  return to_column(now);
}

}  // namespace

RingState SqlMembers::ring() {
  auto ring = database_.read(select_ring);
  if (!ring.hash_key.empty()) return ring;
  return database_.write([](soci::session& session) {
    ensure_hash_key(session);
    return select_ring(session);
  });
}

RingState SqlMembers::replace(std::int64_t epoch, std::span<const Member> members, Instant now) {
  return database_.write([&](soci::session& session) {
    ensure_hash_key(session);
    await_grants(session, database_.dialect().for_update());
    soci::statement raise =
        (session.prepare << "UPDATE ring SET epoch = epoch + 1, newest_lease = "
                            "(SELECT COALESCE(MAX(l.id), 0) FROM stock_leases l) "
                            "WHERE epoch = :known",
         soci::use(epoch));
    raise.execute(true);
    if (raise.get_affected_rows() != 1) return select_ring(session);
    const auto before = select_members(session);
    session << "DELETE FROM validators";
    for (const auto& member : members) {
      const auto at = joined_at(member, before, now);
      session << "INSERT INTO validators (node, address, incarnation, joined_at) "
                 "VALUES (:node, :address, :incarnation, :joined_at)",
          soci::use(member.node), soci::use(member.address), soci::use(member.incarnation),
          soci::use(at);
    }
    return select_ring(session);
  });
}

}  // namespace stampede::repositories::sql
