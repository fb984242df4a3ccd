#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/time.h"
#include "tests/simulation/engine/stage.h"

namespace stampede::simulation {

/// One process on a machine of its own: it can be killed, started again, frozen and thawed, and its
/// clocks are nobody else's. Outlives the events of its stage.
class Process final : private Scheduler::Runner {
 public:
  Process(Stage& stage, std::string name);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  const std::string& name() const { return name_; }
  bool running() const { return running_; }
  bool frozen() const { return frozen_; }
  Now now() const;

  /// Rises with each start and kill.
  std::uint64_t life() const { return life_; }
  /// Runs `action` in this process: never once it was killed, later if it is frozen then.
  void after(Duration delay, Action&& action) { after(life_, delay, std::move(action)); }
  /// The same for what belongs to an earlier moment of the process.
  void after(std::uint64_t life, Duration delay, Action&& action);
  /// The same for what Scheduler::cancel() calls off as a rule, with one of few delays, in a
  /// running process.
  Scheduler::Timer start_timer(Duration delay, Action&& action);

  void start();
  void kill();
  /// For a while; nothing if it is frozen or not running. Its tick goes on: it counts suspended
  /// time.
  void freeze(Duration time);
  /// The same for a machine whose tick stands still meanwhile (a virtual one that is moved). Its
  /// wall clock is right again afterwards.
  void suspend(Duration time);
  /// The wall clock is wrong by so much from now on.
  void set_wall_error(std::chrono::milliseconds error) { wall_error_ = error; }
  /// What a wall clock without any error says.
  static Instant true_wall(Duration time);
  /// Everything that was held back happens now, in its order, by the clock of now.
  void thaw();
  /// How long it has stood still in all.
  Duration stood_still() const;

 private:
  void run(std::uint64_t life, Action&& action) override;

  Stage* stage_;
  const std::string name_;
  const std::int64_t drift_;  // microseconds a second
  const Duration tick_offset_;
  const std::chrono::milliseconds wall_offset_;
  std::uint64_t life_ = 0;
  bool running_ = false;
  bool frozen_ = false;
  Duration frozen_since_{0};
  Duration stood_still_{0};
  bool suspended_ = false;
  Duration tick_lost_{0};
  std::chrono::milliseconds wall_error_{0};
  std::vector<Action> held_;
};

}  // namespace stampede::simulation
