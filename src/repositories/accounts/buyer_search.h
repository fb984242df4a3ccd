#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/user.h"

namespace stampede::repositories {

struct BlacklistedBuyer {
  BlacklistEntry entry;
  std::string name;  // empty if there is no such user any more
};

/// Finds buyers for operators, however many there are. Thread-safe; calls block.
class BuyerSearch {
 public:
  virtual ~BuyerSearch() = default;

  /// Users whose names begin with `prefix` (A-Z a-z 0-9 . _ -, without regard to case) and come
  /// after the name `after` if that is not empty: in order of name, at most `limit`.
  virtual std::vector<User> named(std::string_view prefix, std::string_view after,
                                  std::size_t limit) = 0;
  /// The entry that holds at `now`.
  virtual std::optional<BlacklistEntry> blacklisted(UserId user, Instant now) = 0;
  /// Entries that hold at `now`, in order of user, at most `limit`, ids above `after`.
  virtual std::vector<BlacklistedBuyer> blacklist(UserId after, std::size_t limit, Instant now) = 0;
};

}  // namespace stampede::repositories
