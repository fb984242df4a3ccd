#pragma once

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "queue/order_queue.h"
#include "tests/simulation/engine/stage.h"

namespace stampede::simulation {

/// Another source, and where bugs are planted in what it hands out: see bugs.h.
class SpoiltSource final : public queue::OrderSource {
 public:
  SpoiltSource(const Stage& stage, queue::OrderSource& source) : stage_(&stage), source_(&source) {}

  bool receive(std::vector<queue::Message>& batch, std::size_t most) override {
    if (!source_->receive(batch, most)) return false;
    if (stage_->bug == Bug::kMarkersFirst) {
      std::ranges::stable_partition(batch, [](const queue::Message& message) {
        return std::holds_alternative<queue::CloseMarker>(message);
      });
    }
    if (stage_->bug == Bug::kLastMessageSkipped && batch.size() > 1) batch.pop_back();
    return true;
  }
  void acknowledge() override { source_->acknowledge(); }
  void stall(bool stalled) override { source_->stall(stalled); }
  std::span<const queue::UnreadableMessage> unreadable() const override {
    return source_->unreadable();
  }

 private:
  const Stage* stage_;
  queue::OrderSource* source_;
};

}  // namespace stampede::simulation
