#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "tests/simulation/engine/network.h"

namespace stampede::simulation {

/// One direction of a TCP connection: nothing is lost or overtaken while it stands; it stalls while
/// `flows` is false.
class Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  Pipe(Stage& stage, Network& network, std::function<bool()> flows)
      : stage_(&stage), network_(&network), flows_(std::move(flows)) {}

  /// `arrive` runs at the other end.
  void push(Action arrive) {
    on_the_way_.push_back(std::move(arrive));
    if (on_the_way_.size() == 1) schedule(network_->delay());
  }

  /// The connection is lost: of what is on the way, a part from the front arrives all the same, and
  /// perhaps late.
  void cut() {
    using namespace std::chrono_literals;
    const auto size = static_cast<std::int64_t>(on_the_way_.size());
    on_the_way_.resize(static_cast<std::size_t>(stage_->random.between(0, size)));
    pause_ = stage_->faults ? stage_->random.between(0us, 3s) : 0us;
  }

 private:
  void schedule(Duration delay) {
    stage_->scheduler.after(delay, [self = shared_from_this()] { self->move(); });
  }
  void move() {
    if (on_the_way_.empty()) return;
    if (!flows_()) return schedule(std::chrono::milliseconds{50});
    if (pause_.count() > 0) return schedule(std::exchange(pause_, {}));
    Action arrive = std::move(on_the_way_.front());
    on_the_way_.pop_front();
    if (!on_the_way_.empty()) schedule(network_->delay());
    arrive();
  }

  Stage* stage_;
  Network* network_;
  const std::function<bool()> flows_;
  std::deque<Action> on_the_way_;
  Duration pause_{0};
};

}  // namespace stampede::simulation
