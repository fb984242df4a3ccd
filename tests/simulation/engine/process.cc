#include "tests/simulation/engine/process.h"

#include <utility>

namespace stampede::simulation {
namespace {

using namespace std::chrono_literals;

/// Whole milliseconds, as many as make every tick positive.
constexpr Duration kTicksBegin = 1'000'000s;
constexpr Instant kWallBegins{std::chrono::sys_days{std::chrono::year{2026} / 11 / 11}};

/// The shortest time that a machine is suspended: a little more than the rules tolerate.
constexpr Duration kShortestSuspension = 2'100ms;

}  // namespace

Process::Process(Stage& stage, std::string name)
    : stage_(&stage),
      name_(std::move(name)),
      drift_(stage.random.between(-200, 200)),
      tick_offset_(kTicksBegin + std::chrono::milliseconds{stage.random.between(0, 1'000'000'000)}),
      wall_offset_(stage.random.between(-500, 500)) {}

Now Process::now() const {
  const auto drifted = [&](Duration time) {
    return time + Duration{time.count() * drift_ / 1'000'000};
  };
  const Duration time = stage_->scheduler.time();
  const Duration lost = stage_->bug == Bug::kSuspendedTimeForgotten ? stood_still() : tick_lost_;
  const auto whole = [](Duration d) { return std::chrono::floor<std::chrono::milliseconds>(d); };
  return {kWallBegins + wall_offset_ + wall_error_ + whole(drifted(time)),
          // A clock that stands still does not go back, so what it lost drifted as well.
          Tick{tick_offset_ + whole(drifted(time - lost))}};
}

Duration Process::stood_still() const {
  return frozen_ ? stood_still_ + (stage_->scheduler.time() - frozen_since_) : stood_still_;
}

void Process::after(std::uint64_t life, Duration delay, Action&& action) {
  if (!running_ || life != life_) return;
  stage_->scheduler.after(delay, *this, life, std::move(action));
}

Scheduler::Timer Process::start_timer(Duration delay, Action&& action) {
  return stage_->scheduler.start_timer(delay, *this, life_, std::move(action));
}

void Process::run(std::uint64_t life, Action&& action) {
  if (life != life_) return;
  if (frozen_) {
    held_.push_back(std::move(action));
  } else {
    action();
  }
}

void Process::start() {
  ++life_;
  running_ = true;
}

void Process::kill() {
  ++life_;
  running_ = false;
  frozen_ = false;
  suspended_ = false;
  held_.clear();
}

void Process::freeze(Duration time) {
  if (frozen_ || !running_) return;
  stage_->trace.note(name_, "FAULT: frozen");
  frozen_ = true;
  frozen_since_ = stage_->scheduler.time();
  stage_->scheduler.after(time, [this, life = life_] {
    if (life == life_) thaw();
  });
}

void Process::suspend(Duration time) {
  if (frozen_ || !running_) return;
  freeze(time);
  suspended_ = true;
}

Instant Process::true_wall(Duration time) {
  return kWallBegins + std::chrono::floor<std::chrono::milliseconds>(time);
}

void Process::thaw() {
  if (!frozen_) return;
  const Duration stood = stage_->scheduler.time() - frozen_since_;
  if (std::exchange(suspended_, false) && stood >= kShortestSuspension) tick_lost_ += stood;
  stood_still_ = stood_still();
  frozen_ = false;
  stage_->trace.note(name_, "thawed");
  for (Action& action : std::exchange(held_, {})) after(0us, std::move(action));
}

}  // namespace stampede::simulation
