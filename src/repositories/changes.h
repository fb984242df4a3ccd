#pragma once

#include <cstdint>
#include <optional>

namespace stampede::repositories {

/// Numbers that rise, by steps of any size, with every change of what a running server keeps in
/// memory.
struct Revisions {
  std::int64_t catalog = 0;  // products and sales
  std::int64_t blacklist = 0;

  friend bool operator==(const Revisions&, const Revisions&) = default;
};

/// Tells a running server that the database has changed. For one thread; calls block.
class Changes {
 public:
  virtual ~Changes() = default;
  /// The revisions if anybody has committed since the last call, and on the first call. Orders are
  /// commits too, and MariaDB does not tell whether there were any, so the caller compares the
  /// revisions to see whether the catalog or the blacklist has changed. Throws StorageError.
  virtual std::optional<Revisions> poll() = 0;
};

}  // namespace stampede::repositories
