#pragma once

namespace stampede::schedules {

/// When a job that runs in rounds is to begin at once: it was nudged, and is not running. A thread
/// waits for that in Periodic, events do in the simulation. Not thread-safe.
class Rounds {
 public:
  /// Wants another round; a nudge during a round is kept until it is over.
  void nudge() { nudged_ = true; }
  bool due() const { return nudged_ && !running_; }
  void begin() {
    nudged_ = false;
    running_ = true;
  }
  void end() { running_ = false; }
  bool running() const { return running_; }

 private:
  bool nudged_ = false;
  bool running_ = false;
};

}  // namespace stampede::schedules
