#include "tests/simulation/actors/sim_consumer.h"

#include <functional>
#include <optional>
#include <utility>

#include "consumers/consumer_steps.h"
#include "queue/inbox.h"
#include "tests/simulation/actors/split_store.h"
#include "tests/simulation/actors/spoilt_source.h"
#include "tests/simulation/engine/fiber.h"

namespace stampede::simulation {

using namespace std::chrono_literals;
using consumers::ConsumerSteps;

/// RabbitSource without its connection: the real Inbox, the bytes moved by the simulation.
class SimConsumer::Source final : public queue::OrderSource {
 public:
  /// `arrived` is called with each delivery.
  Source(Stage& stage, Process& process, SimBroker& broker, std::int32_t shard,
         std::function<void()> arrived)
      : stage_(&stage),
        process_(&process),
        broker_(&broker),
        shard_(shard),
        arrived_(std::move(arrived)) {
    connect();
  }
  ~Source() override {
    if (link_) broker_->close(link_);
  }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  bool empty() const { return inbox_.empty(); }
  /// It must not be empty().
  bool receive(std::vector<queue::Message>& batch, std::size_t most) override {
    inbox_.hand_out(batch, unreadable_, most);
    if (stage_->bug == Bug::kAckBeforeCommit || stage_->bug == Bug::kStaleAck) {
      inbox_.done();
      early_ = inbox_.take_done();
      if (stage_->bug == Bug::kAckBeforeCommit) broker_->acknowledge(link_, early_);
    }
    return true;
  }
  void acknowledge() override {
    unreadable_.clear();
    inbox_.done();
    DeliveryTag tag = inbox_.take_done();
    if (tag != 0 && stage_->bug == Bug::kAckTooMuch) ++tag;
    if (stage_->bug == Bug::kStaleAck) tag = early_;
    if (link_ && tag != 0) broker_->acknowledge(link_, tag);
  }
  void stall(bool) override {}
  std::span<const queue::UnreadableMessage> unreadable() const override { return unreadable_; }

 private:
  void connect();
  void lose();

  Stage* stage_;
  Process* process_;
  SimBroker* broker_;
  const std::int32_t shard_;
  const std::function<void()> arrived_;
  SimBroker::LinkPtr link_;
  queue::Inbox inbox_;
  std::vector<queue::UnreadableMessage> unreadable_;
  DeliveryTag early_ = 0;  // of planted bugs alone
};

void SimConsumer::Source::connect() {
  SimBroker::ConsumerEvents events;
  events.delivered = [this](DeliveryTag tag, const std::string& body) {
    inbox_.add(queue::Inbox::read(shard_, tag, body));
    arrived_();
  };
  events.lost = [this] { lose(); };
  link_ = broker_->connect_consumer(*process_, shard_, std::move(events));
  if (!link_) process_->after(stage_->random.between(50ms, 500ms), [this] { connect(); });
}

void SimConsumer::Source::lose() {
  broker_->close(link_);
  link_ = nullptr;
  inbox_.connection_lost();
  process_->after(stage_->random.between(20ms, 500ms), [this] { connect(); });
}

/// What OrderConsumer's thread does, with events between its steps.
class SimConsumer::Worker {
 public:
  Worker(SimConsumer& consumer, std::int32_t shard)
      : stage_(consumer.stage_),
        process_(&consumer.process_),
        split_(*stage_, *consumer.database_, consumer.client_),
        writer_(services::orders::OrderWriter(store_of(consumer), shard),
                {.shard = shard, .quarantine = &consumer.client_},
                {.settled = [this](auto orders) { note(orders); },
                 .closed = [this](auto leases) { note(leases); },
                 .quarantined = {}},
                {}),
        source_(*stage_, *process_, *consumer.broker_, shard, [this] { receive(); }),
        steps_(spoilt_, writer_) {}

  bool writing() const { return steps_.next() == ConsumerSteps::Next::kWrite; }
  void write();

 private:
  repositories::OrderStore& store_of(SimConsumer& consumer) {
    if (stage_->profile.split_statements) return split_;
    return consumer.client_;
  }

  void receive();
  bool step();
  void acknowledge();
  void after(Duration delay, void (Worker::*what)());
  void note(std::span<const Order> orders);
  void note(std::span<const LeaseId> closed);

  Stage* stage_;
  Process* process_;
  SplitStore split_;
  consumers::BatchWriter writer_;
  Source source_;
  SpoiltSource spoilt_{*stage_, source_};
  ConsumerSteps steps_;
  ConsumerSteps::Outcome outcome_{};
  std::optional<Fiber> fiber_;  // of a step that is not done
  std::uint64_t tries_ = 0;     // so that an event of an earlier try is not taken for the next
};

void SimConsumer::Worker::receive() {
  if (steps_.next() != ConsumerSteps::Next::kReceive || source_.empty()) return;
  (void)steps_.step(process_->now().wall, static_cast<std::size_t>(stage_->random.between(1, 10)));
  // Slow where quantity control's statements are to fall before or behind it: see hurry().
  const Duration longest = stage_->profile.interleaved > 0 && stage_->faults ? 500ms : 30ms;
  after(stage_->random.between(100us, longest), &Worker::write);
}

void SimConsumer::Worker::after(Duration delay, void (Worker::*what)()) {
  process_->after(delay, [this, what, now = ++tries_] {
    if (now == tries_) (this->*what)();
  });
}

/// False: statements of it are left.
bool SimConsumer::Worker::step() {
  const auto all = [this] { outcome_ = steps_.step(process_->now().wall, 0); };
  if (!stage_->profile.split_statements) {
    all();
    return true;
  }
  if (!fiber_) fiber_.emplace(all);
  const bool done = fiber_->resume();
  if (done) fiber_.reset();
  return done;
}

void SimConsumer::Worker::write() {
  ++tries_;
  if (!step()) {
    const bool slow = stage_->chance(0.1);
    return after(slow ? stage_->random.between(1ms, 600ms) : stage_->random.between(100us, 3ms),
                 &Worker::write);
  }
  if (outcome_ == ConsumerSteps::Outcome::kAway) return after(writer_.pause(), &Worker::write);
  if (writing() && stage_->bug != Bug::kHalfIsAll) {
    return after(stage_->random.between(10us, 5ms), &Worker::write);
  }
  after(stage_->random.between(100us, 10ms), &Worker::acknowledge);
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
  if (writing()) {  // Bug::kHalfIsAll
    source_.acknowledge();
    steps_ = ConsumerSteps(spoilt_, writer_);
  } else {
    (void)steps_.step(process_->now().wall, 0);
  }
  receive();
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
