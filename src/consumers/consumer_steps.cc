#include "consumers/consumer_steps.h"

namespace stampede::consumers {

ConsumerSteps::Outcome ConsumerSteps::step(Instant now, std::size_t most) {
  switch (next_) {
    case Next::kReceive:
      if (!source_->receive(batch_, most)) return Outcome::kShut;
      writer_->take(batch_, source_->unreadable());
      next_ = Next::kWrite;
      return Outcome::kDone;
    case Next::kWrite: {
      const auto written = writer_->step(now);
      if (written == BatchWriter::Step::kAway) return Outcome::kAway;
      if (written == BatchWriter::Step::kDone) next_ = Next::kAcknowledge;
      return Outcome::kDone;
    }
    case Next::kAcknowledge:
      source_->acknowledge();
      next_ = Next::kReceive;
      return Outcome::kDone;
  }
  return Outcome::kDone;
}

}  // namespace stampede::consumers
