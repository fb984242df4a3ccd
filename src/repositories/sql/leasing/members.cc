#include "repositories/sql/leasing/members.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/ring_nonce.h"
#include "repositories/sql/connection/rows.h"
#include "repositories/sql/leasing/leadership.h"

namespace stampede::repositories::sql {
namespace {

/// A member as the table holds it.
struct Joined {
  Member member;
  std::int64_t at = 0;
};

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
  session << "SELECT epoch, nonce, hash_key, virtual_nodes, newest_lease FROM ring",
      soci::into(ring.epoch), soci::into(ring.nonce), soci::into(ring.hash_key),
      soci::into(ring.virtual_nodes), soci::into(ring.newest_lease.value);
  for (auto& joined : select_members(session)) ring.members.push_back(std::move(joined.member));
  return ring;
}

/// The key is drawn: whoever knew it could choose buyers who all belong to one validator.
void ensure_hash_key(soci::session& session) {
  const std::string key = draw_nonce();
  session << "UPDATE ring SET hash_key = :key WHERE hash_key = ''", soci::use(key);
}

struct LockedRing {
  std::int64_t epoch = 0;
  std::string nonce;
};

/// Locks the ring's row and reads it. A grant checks the epoch as its last step and keeps
/// the row locked until its commit: so every lease in this ring's name is committed now or never.
LockedRing lock_ring(soci::session& session, std::string_view for_update) {
  LockedRing ring;
  session << fmt::format("SELECT epoch, nonce FROM ring WHERE id = 1{}", for_update),
      soci::into(ring.epoch), soci::into(ring.nonce);
  return ring;
}

void update_ring(soci::session& session, const RingChange& change, const std::string& replaced) {
  const std::int64_t epoch = std::max(change.epoch, change.above) + 1;
  const std::string nonce = ring_nonce(draw_nonce(), replaced);
  // A statement of its own sees what was committed while this waited for the lock.
  std::int64_t newest = 0;
  session << "SELECT COALESCE(MAX(id), 0) FROM stock_leases", soci::into(newest);
  session << "UPDATE ring SET epoch = :epoch, nonce = :nonce, virtual_nodes = :points, "
             "newest_lease = :newest WHERE id = 1",
      soci::use(epoch), soci::use(nonce), soci::use(change.virtual_nodes), soci::use(newest);
}

/// A process that was a member of the ring before keeps its time.
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

RingState SqlMembers::replace(const Term& term, const RingChange& change, Instant now) {
  const Dialect& dialect = database_.dialect();
  return database_.write([&](soci::session& session) {
    ensure_hash_key(session);
    const LockedRing locked = lock_ring(session, dialect.for_update());
    if (locked.epoch == change.epoch) {
      update_ring(session, change, locked.nonce);
      const auto before = select_members(session);
      session << "DELETE FROM validators";
      for (const auto& member : change.members) {
        const auto at = joined_at(member, before, now);
        session << "INSERT INTO validators (node, address, incarnation, joined_at) "
                   "VALUES (:node, :address, :incarnation, :joined_at)",
            soci::use(member.node), soci::use(member.address), soci::use(member.incarnation),
            soci::use(at);
      }
    }
    auto ring = select_ring(session);
    require_leader(session, dialect, term);
    return ring;
  });
}

}  // namespace stampede::repositories::sql
