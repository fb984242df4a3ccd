#include "tests/simulation/actors/sim_consumer.h"

#include <algorithm>

#include "consumers/batch_writer.h"
#include "queue/inbox.h"
#include "tests/simulation/actors/split_store.h"

namespace stampede::simulation {

using namespace std::chrono_literals;
using consumers::BatchWriter;

/// Keeps its batch until it is written, whatever becomes of the connection it came by.
class SimConsumer::Worker {
 public:
  Worker(SimConsumer& consumer, std::int32_t shard)
      : stage_(consumer.stage_),
        process_(&consumer.process_),
        broker_(consumer.broker_),
        split_(*stage_, *consumer.database_, consumer.client_),
        writer_(services::orders::OrderWriter(store_of(consumer), shard),
                {.shard = shard, .quarantine = &consumer.client_},
                {.settled = [this](auto orders) { note(orders); },
                 .closed = [this](auto leases) { note(leases); },
                 .quarantined = {}},
                {}),
        shard_(shard) {
    connect();
  }
  ~Worker() {
    if (link_) broker_->close(link_);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  bool writing() const { return step_ == Step::kWriting; }
  void write();

 private:
  repositories::OrderStore& store_of(SimConsumer& consumer) {
    if (stage_->profile.split_statements) return split_;
    return consumer.client_;
  }

  enum class Step { kIdle, kWriting, kWritten };

  void connect();
  void lose();
  void take();
  void acknowledge();
  void spoil_batch();
  void spoil_acknowledging();
  void note(std::span<const Order> orders);
  void note(std::span<const LeaseId> closed);

  Stage* stage_;
  Process* process_;
  SimBroker* broker_;
  SplitStore split_;
  consumers::BatchWriter writer_;
  const std::int32_t shard_;
  SimBroker::LinkPtr link_;
  queue::Inbox inbox_;

  Step step_ = Step::kIdle;
  std::vector<queue::Message> batch_;
  std::vector<queue::UnreadableMessage> unreadable_;  // came with it
  DeliveryTag batch_tag_ = 0;                         // its last; of planted bugs alone
  std::uint64_t tries_ = 0;  // so that an event of an earlier try is not taken for the next
};

void SimConsumer::Worker::connect() {
  SimBroker::ConsumerEvents events;
  events.delivered = [this](DeliveryTag tag, const std::string& body) {
    inbox_.add(queue::Inbox::read(shard_, tag, body));
    take();
  };
  events.lost = [this] { lose(); };
  link_ = broker_->connect_consumer(*process_, shard_, std::move(events));
  if (!link_) process_->after(stage_->random.between(50ms, 500ms), [this] { connect(); });
}

void SimConsumer::Worker::lose() {
  broker_->close(link_);
  link_ = nullptr;
  inbox_.connection_lost();
  process_->after(stage_->random.between(20ms, 500ms), [this] { connect(); });
}

void SimConsumer::Worker::take() {
  if (step_ != Step::kIdle || inbox_.empty()) return;
  inbox_.hand_out(batch_, unreadable_, static_cast<std::size_t>(stage_->random.between(1, 10)));
  spoil_batch();
  spoil_acknowledging();
  writer_.take(batch_, unreadable_);
  step_ = Step::kWriting;
  // Slow where quantity control's statements are to fall before or behind it: see hurry().
  const Duration longest = stage_->profile.interleaved > 0 && stage_->faults ? 500ms : 30ms;
  process_->after(stage_->random.between(100us, longest), [this, now = ++tries_] {
    if (now == tries_) write();
  });
}

void SimConsumer::Worker::spoil_batch() {
  if (stage_->bug == Bug::kMarkersFirst) {
    std::ranges::stable_partition(batch_, [](const queue::Message& message) {
      return std::holds_alternative<queue::CloseMarker>(message);
    });
  }
  if (stage_->bug == Bug::kLastMessageSkipped && batch_.size() > 1) batch_.pop_back();
}

void SimConsumer::Worker::spoil_acknowledging() {
  if (stage_->bug != Bug::kAckBeforeCommit && stage_->bug != Bug::kStaleAck) return;
  inbox_.done();
  batch_tag_ = inbox_.take_done();
  if (stage_->bug == Bug::kAckBeforeCommit) broker_->acknowledge(link_, batch_tag_);
}

void SimConsumer::Worker::write() {
  ++tries_;
  auto step = BatchWriter::Step::kMore;
  try {
    step = writer_.step(process_->now().wall);
    if (stage_->bug == Bug::kHalfIsAll && step == BatchWriter::Step::kMore) {
      step = BatchWriter::Step::kDone;
    }
  } catch (const SplitStore::NotYet&) {
    const bool slow = stage_->chance(0.1);
    process_->after(slow ? stage_->random.between(1ms, 600ms) : stage_->random.between(100us, 3ms),
                    [this, now = tries_] {
                      if (now == tries_) write();
                    });
    return;
  }
  if (step != BatchWriter::Step::kDone) {
    const bool away = step == BatchWriter::Step::kAway;
    process_->after(away ? writer_.pause() : stage_->random.between(10us, 5ms),
                    [this, now = tries_] {
                      if (now == tries_) write();
                    });
    return;
  }
  step_ = Step::kWritten;
  process_->after(stage_->random.between(100us, 10ms), [this] { acknowledge(); });
}

void SimConsumer::Worker::note(std::span<const Order> orders) {
  for (const Order& order : orders) {
    stage_->trace.note(process_->name(), order.active() ? "order" : "failed order",
                       {order.number.value, order.buyer.value, order.lease.value});
  }
}

void SimConsumer::Worker::note(std::span<const LeaseId> closed) {
  for (const LeaseId lease : closed) {
    stage_->trace.note(process_->name(), "closed lease", {lease.value});
  }
}

void SimConsumer::Worker::acknowledge() {
  unreadable_.clear();
  inbox_.done();
  DeliveryTag tag = inbox_.take_done();
  if (tag != 0 && stage_->bug == Bug::kAckTooMuch) ++tag;
  if (stage_->bug == Bug::kStaleAck) tag = batch_tag_;
  if (link_ && tag != 0) broker_->acknowledge(link_, tag);
  step_ = Step::kIdle;
  take();
}

SimConsumer::SimConsumer(Stage& stage, Network& network, SimBroker& broker, SimDatabase& database,
                         std::string name)
    : stage_(&stage),
      broker_(&broker),
      database_(&database),
      process_(stage, std::move(name)),
      client_(stage, network, database, process_) {}

SimConsumer::~SimConsumer() = default;

void SimConsumer::start() {
  process_.start();
  for (std::int32_t shard = 0; shard < queue::kShards; ++shard) {
    workers_[static_cast<std::size_t>(shard)] = std::make_unique<Worker>(*this, shard);
  }
}

void SimConsumer::kill() {
  process_.kill();
  for (auto& worker : workers_) worker.reset();
}

void SimConsumer::hurry() {
  if (!process_.running() || process_.frozen()) return;
  for (auto& worker : workers_) {
    if (worker->writing() && stage_->random.chance(0.5)) worker->write();
  }
}

}  // namespace stampede::simulation
