#pragma once

#include <cstdint>
#include <optional>

namespace stampede::repositories {

/// Counts that rise with every change of what a running server keeps in memory.
struct Revisions {
  std::int64_t catalog = 0;  // products and sales
  std::int64_t blacklist = 0;

  friend bool operator==(const Revisions&, const Revisions&) = default;
};

/// Tells a running server that somebody wrote. For one thread.
class Changes {
 public:
  virtual ~Changes() = default;
  /// The revisions, if anybody has committed since the last call (and on the first). During a sale
  /// that is always so, and MariaDB cannot tell; the revisions say whether it matters.
  virtual std::optional<Revisions> poll() = 0;
};

}  // namespace stampede::repositories
