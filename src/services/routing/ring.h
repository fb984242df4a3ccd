#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "model/member.h"

namespace stampede::services::routing {

/// The secret that buyers and nodes are hashed with, so that nobody can choose a node's load.
using HashKey = std::array<unsigned char, 16>;

/// Of 32 hexadecimal digits; nullopt for anything else.
std::optional<HashKey> parse_hash_key(std::string_view text);

/// Consistent hashing (Karger et al. 1997): every node stands on the ring at many points, its
/// virtual nodes; a buyer belongs to the first point at or after its own hash. Nodes are placed by
/// name alone, so a new address or a restart moves nobody; a change of the members moves about
/// 1/N of the buyers. Hashes are SipHash-2-4 (Aumasson and Bernstein 2012). Immutable; lookups are
/// a binary search and thread-safe.
class Ring {
 public:
  Ring(std::int64_t epoch, const HashKey& key, std::vector<Member> members,
       int virtual_nodes = kVirtualNodes);

  /// From what other roles and the database tell of it; nullopt if the hash key is none.
  static std::optional<Ring> parse(std::int64_t epoch, std::string_view hash_key,
                                   std::vector<Member> members, std::int64_t virtual_nodes);

  std::int64_t epoch() const { return epoch_; }
  std::span<const Member> members() const { return members_; }
  /// The index in members() of the buyer's owner; nullopt if there is no member.
  std::optional<std::size_t> owner_index(UserId buyer) const;
  /// Null if there is no member.
  const Member* owner(UserId buyer) const;

 private:
  struct Point {
    std::uint64_t hash;
    std::uint32_t member;
  };

  std::uint64_t hash(std::string_view bytes) const;

  std::int64_t epoch_;
  HashKey key_;
  std::vector<Member> members_;
  std::vector<Point> points_;  // sorted by hash
};

}  // namespace stampede::services::routing
