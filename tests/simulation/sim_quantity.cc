#include "tests/simulation/sim_quantity.h"

namespace stampede::simulation {

using namespace std::chrono_literals;
using repositories::StorageError;

SimQuantity::SimQuantity(Stage& stage, Network& network, SimBroker& broker, SimDatabase& database)
    : stage_(&stage),
      broker_(&broker),
      process_(stage, "quantity"),
      client_(stage, network, database, process_),
      catalog_(client_, database) {}

SimQuantity::Up::Up(SimQuantity& owner)
    : markers(*owner.stage_, owner.process_, *owner.broker_,
              {.queued = [](auto) {}, .refused = [](auto) {}}, [](const Purchase&) {}),
      control({.leases = owner.client_,
               .members = owner.client_,
               .orders = owner.client_,
               .catalog = owner.catalog_,
               .blacklist = owner.catalog_,
               .accounts = owner.catalog_,
               .changes = owner.catalog_,
               .markers = markers},
              {}) {}

void SimQuantity::start() {
  process_.start();
  up_ = std::make_unique<Up>(*this);
  review();
}

void SimQuantity::kill() {
  process_.kill();
  up_.reset();
}

void SimQuantity::later(std::function<void(Now)> serve) {
  const bool slow = stage_->chance(0.03);
  process_.after(slow ? stage_->random.between(1ms, 400ms) : stage_->random.between(10us, 500us),
                 [serve = std::move(serve), now = process_.now()] { serve(now); });
}

void SimQuantity::review() {
  try {
    up_->control.review(process_.now());
  } catch (const StorageError&) {
    stage_->trace.note("quantity", "could not review");
  }
  process_.after(stage_->random.between(200ms, 300ms), [this] { review(); });
}

void SimQuantity::beat(const peers::Heartbeat& heartbeat,
                       const Network::Answer<peers::HeartbeatReply>& answer) {
  later([this, heartbeat, answer](Now now) {
    try {
      auto reply = up_->control.beat(heartbeat, now);
      if (!reply) return;  // in HTTP an error at once; either way the validator tries again
      if (stage_->bug == Bug::kEverythingClosed) reply->oldest_open = LeaseId{INT64_MAX};
      answer(*reply);
    } catch (const StorageError&) {
      stage_->trace.note("quantity", "could not answer a heartbeat");
    }
  });
}

void SimQuantity::ask(const peers::LeaseAsk& ask,
                      const Network::Answer<peers::LeaseReply>& answer) {
  later([this, ask, answer](Now now) {
    try {
      const auto reply = up_->control.ask(ask, now);
      stage_->trace.note(ask.holder, reply.lease ? "is granted lease" : "is granted nothing",
                         {reply.lease ? reply.lease->id.value : 0,
                          reply.lease ? reply.lease->granted : 0, ask.number, ask.ring_epoch});
      answer(reply);
    } catch (const StorageError&) {
      stage_->trace.note("quantity", "could not grant");
    }
  });
}

}  // namespace stampede::simulation
