#pragma once

#include <cstddef>
#include <vector>

#include "consumers/batch_writer.h"
#include "model/time.h"
#include "queue/order_queue.h"

namespace stampede::consumers {

/// What an order consumer does, one step after the other: it receives a batch, brings it into the
/// database in as many steps as that takes, and acknowledges it once all of it is there. It reads
/// no clock and waits for nothing but what `source` waits for: a thread runs it in OrderConsumer,
/// events do in the simulation. For one thread. `source` and `writer` outlive it.
class ConsumerSteps {
 public:
  ConsumerSteps(queue::OrderSource& source, BatchWriter& writer)
      : source_(&source), writer_(&writer) {}

  enum class Next { kReceive, kWrite, kAcknowledge };
  /// What step() will do.
  Next next() const { return next_; }

  enum class Outcome {
    kDone,  // go on with the next step
    kAway,  // the database is away: the same step is to follow after BatchWriter::pause()
    kShut,  // the source is shut: there is no next step
  };
  /// Blocks as OrderSource::receive() and BatchWriter::step() do. `most`: messages of one batch.
  /// What is thrown leaves the step undone.
  Outcome step(Instant now, std::size_t most);

  /// Messages of the batch in hand.
  std::size_t messages() const { return batch_.size(); }

 private:
  queue::OrderSource* source_;
  BatchWriter* writer_;
  Next next_ = Next::kReceive;
  std::vector<queue::Message> batch_;
};

}  // namespace stampede::consumers
