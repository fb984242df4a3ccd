#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "tests/simulation/process.h"

namespace stampede::simulation {

/// Who reaches whom, and how long it takes. Messages between two processes are late, lost, doubled,
/// and overtake each other; what needs an order of its own (a connection to the broker) keeps it
/// itself.
class Network {
 public:
  explicit Network(Stage& stage) : stage_(&stage) {}

  void cut(const Process& a, const Process& b) { cuts_.insert(pair_of(a, b)); }
  void heal(const Process& a, const Process& b) { cuts_.erase(pair_of(a, b)); }
  void heal_all() { cuts_.clear(); }
  bool linked(const Process& a, const Process& b) const { return !cuts_.contains(pair_of(a, b)); }

  /// Of one message, one way.
  Duration delay();

  /// A request and its answer. `serve` runs in the server and is handed the way back; `done` runs
  /// in the client once: with the answer, or without one after `patience` at the latest. Then
  /// nobody knows what the server has done.
  template <class Reply>
  using Answer = std::function<void(Reply)>;
  enum class Transport { kOnce, kMayRepeat };
  template <class Reply>
  void call(Process& client, Process& server, Duration patience, Transport transport,
            std::function<void(Answer<Reply>)> serve,
            std::function<void(std::optional<Reply>)> done);

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
void Network::call(Process& client, Process& server, Duration patience, Transport transport,
                   std::function<void(Answer<Reply>)> serve,
                   std::function<void(std::optional<Reply>)> done) {
  // Empty once the client knows.
  auto waiting = std::make_shared<std::function<void(std::optional<Reply>)>>(std::move(done));
  const auto finish = [waiting](std::optional<Reply> reply) {
    if (const auto tell = std::exchange(*waiting, nullptr)) tell(std::move(reply));
  };
  if (!server.running()) {  // refused
    client.after(delay(), [finish] { finish(std::nullopt); });
    return;
  }
  client.after(patience, [finish] { finish(std::nullopt); });
  const Answer<Reply> answer = [this, &client, life = client.life(), &server, finish](Reply reply) {
    if (!arrives(server, client)) return;
    client.after(life, delay(), [finish, reply = std::move(reply)] { finish(reply); });
  };
  const bool doubled =
      transport == Transport::kMayRepeat && stage_->chance(stage_->profile.message_doubled);
  for (int copies = doubled ? 2 : 1; copies > 0; --copies) {
    if (arrives(client, server)) server.after(delay(), [serve, answer] { serve(answer); });
  }
}

}  // namespace stampede::simulation
