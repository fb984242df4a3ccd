#pragma once

#include <atomic>
#include <cstddef>
#include <optional>

namespace stampede::peers {

/// What one of several processes said, of which one leads.
enum class Said {
  kAnswer,     // what was asked for
  kNotHere,    // nothing, or that it stands by: another may answer
  kNoForGood,  // a refusal of the request itself: another would say the same
};

/// Whom to ask of several processes, of which one leads: the one that answered last, then the
/// others in turn, each once. Thread-safe.
class Turns {
 public:
  /// One call, for one thread. `turns` outlives it.
  class Call {
   public:
    explicit Call(Turns& turns) : turns_(&turns), first_(turns.last_) {}

    /// The process to ask now, counted from 0; nullopt: nobody else is to be asked.
    std::optional<std::size_t> next() {
      if (over_ || asked_ == turns_->processes_) return std::nullopt;
      return at(asked_++);
    }
    /// What the one said that was asked last.
    void note(Said said) {
      if (said == Said::kAnswer) turns_->last_ = at(asked_ - 1);
      over_ = said != Said::kNotHere;
    }

   private:
    std::size_t at(std::size_t asked) const { return (first_ + asked) % turns_->processes_; }

    Turns* turns_;
    std::size_t first_;
    std::size_t asked_ = 0;
    bool over_ = false;
  };

  /// Of so many processes, one or more.
  explicit Turns(std::size_t processes) : processes_(processes) {}

 private:
  const std::size_t processes_;
  std::atomic<std::size_t> last_ = 0;
};

}  // namespace stampede::peers
