#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/actors/check_server.h"
#include "tests/simulation/actors/sim_quantity.h"
#include "tests/simulation/checks.h"

namespace stampede::simulation {

/// The process `stampede validate`: the real Validator. Killed, it forgets everything; started
/// again, it is another incarnation.
class SimValidator final : public CheckServer {
 public:
  struct Parts {
    Stage& stage;
    Network& network;
    SimBroker& broker;
    std::vector<std::unique_ptr<SimQuantity>>& quantities;
    std::vector<std::unique_ptr<SimValidator>>& all;  // by index
    Checks& checks;
  };
  SimValidator(const Parts& parts, std::size_t index);
  ~SimValidator() override;

  Process& process() override { return process_; }
  void start();
  void kill();
  /// Stops in order: a farewell, then what is under way; calls `gone` at the end.
  void leave(std::function<void()> gone);
  /// Forwarded once where another owns the buyer.
  void check(const Check& check, const Network::Answer<Answer>& answer) override {
    receive(check, false, answer);
  }

  std::size_t unresolved() const;
  /// Whose leases are this process's; empty if there is none.
  std::string holder() const;

 private:
  struct Up;

  void receive(const Check& check, bool forwarded, const Network::Answer<Answer>& answer);
  /// Whether it would say *no* to an intent of this buyer that it does not know.
  bool says_no(UserId buyer);
  void sold(const Purchase& purchase);
  void forward(const Check& check, SimValidator& owner, const Network::Answer<Answer>& answer);
  /// How often the keys were rotated, as this process knows.
  int rotations() const;
  struct Token {
    std::string text = {};
    int rotations = 0;  // of the keys that have sealed it
  };
  /// What another forwarded, with the proof of that.
  void receive_forwarded(const Check& check, const Token& token,
                         const Network::Answer<Answer>& answer);
  void replay(Check check, SimValidator& owner, const Token& token);
  /// A request, and when its clock was read.
  struct Read {
    Now now;
    Duration time;
  };
  void decide(const Check& check, bool forwarded, Read read, const Network::Answer<Answer>& answer);
  /// Hands on an answer that a buyer waited for, and checks for how long.
  std::move_only_function<void(Answer&&)> resume(const Check& check,
                                                 const Network::Answer<Answer>& answer);
  void hear(std::optional<peers::HeartbeatReply> reply, Duration sent_at);
  void stop_selling();
  void finish_leaving(Duration deadline);
  void beat();
  void send(peers::Heartbeat&& heartbeat);
  void beat_later(Duration delay);
  /// A call to quantity control, of one process after the other, as HttpQuantityLink does it.
  template <class Reply>
  struct QuantityCall;
  template <class Reply>
  void call_quantity(std::shared_ptr<QuantityCall<Reply>> call);
  // As the schedules of the role. The holder nudges that of requests when stock runs low.
  void review_leases();
  void nudge_asks();
  void ask_for_leases();
  void ask();
  void end_asking();
  void housekeeping();

  const Parts parts_;
  const std::size_t index_;
  Process process_;
  const Duration keys_late_;  // after the first process has the rotated keys
  std::int64_t lives_ = 0;
  std::unique_ptr<Up> up_;
};

}  // namespace stampede::simulation
