#pragma once

#include <atomic>
#include <cstddef>
#include <optional>

namespace stampede::peers {

/// Whom to ask of several processes, of which one leads: the one that answered last, then the
/// others in turn, each once. Thread-safe.
class Turns {
 public:
  /// One call, for one thread. `turns` outlives it.
  class Call {
   public:
    explicit Call(Turns& turns) : turns_(&turns), first_(turns.last_) {}

    /// The process to ask now, counted from 0; nullopt: each was asked.
    std::optional<std::size_t> next() {
      if (asked_ == turns_->processes_) return std::nullopt;
      return at(asked_++);
    }
    /// The one that was asked last has answered.
    void answered() { turns_->last_ = at(asked_ - 1); }

   private:
    std::size_t at(std::size_t asked) const { return (first_ + asked) % turns_->processes_; }

    Turns* turns_;
    std::size_t first_;
    std::size_t asked_ = 0;
  };

  /// Of so many processes, one or more.
  explicit Turns(std::size_t processes) : processes_(processes) {}

 private:
  const std::size_t processes_;
  std::atomic<std::size_t> last_ = 0;
};

}  // namespace stampede::peers
