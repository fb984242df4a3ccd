#pragma once

namespace stampede::repositories {

/// Tells a running server that somebody else wrote. For one thread.
class Changes {
 public:
  virtual ~Changes() = default;
  /// True if another connection has committed since the last call (and on the first).
  virtual bool changed() = 0;
};

}  // namespace stampede::repositories
