#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "tests/simulation/engine/process.h"

namespace stampede::simulation {

/// Which process reaches which, and how long it takes. Messages between two processes are late,
/// lost, doubled, and overtake each other; what needs an order of its own (a connection to the
/// broker) keeps it itself.
class Network {
 public:
  explicit Network(Stage& stage) : stage_(&stage) {}

  void cut(const Process& a, const Process& b) { cuts_.insert(pair_of(a, b)); }
  void heal(const Process& a, const Process& b) { cuts_.erase(pair_of(a, b)); }
  void heal_all() { cuts_.clear(); }
  bool linked(const Process& a, const Process& b) const { return !cuts_.contains(pair_of(a, b)); }

  /// Of one message, one way.
  Duration delay();

  /// The way back of one request, handed to the server. May be copied, and used by several.
  template <class Reply>
  class Answer;
  enum class Transport { kOnce, kMayRepeat };
  /// A request and its answer. `serve(answer)` runs in the server; `done` runs in the client once:
  /// with the answer, or without one after `patience` at the latest. Then nobody knows what the
  /// server has done.
  template <class Reply, class Serve>
  void call(Process& client, Process& server, Duration patience, Transport transport, Serve serve,
            std::move_only_function<void(std::optional<Reply>)> done);

 private:
  using Pair = std::pair<const Process*, const Process*>;
  static Pair pair_of(const Process& a, const Process& b) {
    return &a < &b ? Pair{&a, &b} : Pair{&b, &a};
  }
  bool arrives(const Process& a, const Process& b) {
    return linked(a, b) && !stage_->chance(stage_->profile.message_lost);
  }

  Stage* stage_;
  std::set<Pair> cuts_;  // only looked up, so the order of addresses does not matter
};

template <class Reply>
class Network::Answer {
 public:
  void operator()(Reply reply) const {
    const Call& call = *call_;
    if (!call.network->arrives(*call.server, *call.client)) return;
    call.client->after(
        call.life, call.network->delay(),
        [call = call_, reply = std::move(reply)]() mutable { call->finish(std::move(reply)); });
  }

 private:
  friend class Network;
  struct Call {
    Network* network;
    Process* client;
    Process* server;
    std::uint64_t life;                                        // of the client
    std::move_only_function<void(std::optional<Reply>)> done;  // empty once the client knows
    std::optional<Scheduler::Timer> patience = std::nullopt;

    void finish(std::optional<Reply> reply) {
      if (auto tell = std::exchange(done, nullptr)) {
        if (patience) network->stage_->scheduler.cancel(*patience);
        tell(std::move(reply));
      }
    }
  };
  explicit Answer(std::shared_ptr<Call> call) : call_(std::move(call)) {}

  std::shared_ptr<Call> call_;
};

template <class Reply, class Serve>
void Network::call(Process& client, Process& server, Duration patience, Transport transport,
                   Serve serve, std::move_only_function<void(std::optional<Reply>)> done) {
  using Call = typename Answer<Reply>::Call;
  const auto call =
      std::make_shared<Call>(Call{this, &client, &server, client.life(), std::move(done)});
  if (!server.running()) return client.after(delay(), [call] { call->finish(std::nullopt); });
  call->patience = client.start_timer(patience, [call] { call->finish(std::nullopt); });
  const bool doubled =
      transport == Transport::kMayRepeat && stage_->chance(stage_->profile.message_doubled);
  for (int copies = doubled ? 2 : 1; copies > 0; --copies) {
    if (!arrives(client, server)) continue;
    server.after(delay(), [serve, answer = Answer<Reply>(call)] { serve(answer); });
  }
}

}  // namespace stampede::simulation
