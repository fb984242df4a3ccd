#pragma once

#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "peers/turns.h"
#include "services/leasing/quantity_control.h"
#include "services/orders/hold_expiry.h"
#include "tests/simulation/actors/sim_catalog.h"
#include "tests/simulation/actors/sim_publisher.h"

namespace stampede::simulation {

/// The process `stampede quantity`: the real rules, on a database that fails and a clock that is
/// sometimes read long before it is used.
class SimQuantity {
 public:
  SimQuantity(Stage& stage, Network& network, SimBroker& broker, SimDatabase& database,
              std::string name);

  Process& process() { return process_; }
  void start();
  void kill();
  /// Called between two of its statements: what others do to the database meanwhile.
  void set_meanwhile(std::function<void()> meanwhile) { client_.meanwhile = std::move(meanwhile); }

  /// Called when a reply is on its way: what happens before it arrives.
  std::function<void(const peers::Heartbeat&, const peers::HeartbeatReply&)> replied;
  /// Called with each lease that is granted.
  std::function<void(LeaseId, const peers::LeaseAsk&)> granted;

  /// What it says to a request, or why it says nothing.
  template <class Reply>
  using Said = std::expected<Reply, peers::Said>;
  /// Requests of validators, in this process.
  void beat(std::shared_ptr<const peers::Heartbeat> heartbeat,
            const Network::Answer<Said<peers::HeartbeatReply>>& answer);
  void ask(const peers::LeaseAsk& ask, const Network::Answer<Said<peers::LeaseReply>>& answer);

  std::size_t unresolved() const { return up_ ? up_->markers.unresolved() : 0; }

 private:
  /// A thread's call of QuantityControl. Where statements are split, it is a fiber, which waits
  /// between them, while others of this process go on that need no mutex which it holds.
  enum class Kind { kLead, kGrant, kOther };
  struct Job;
  struct Up {
    explicit Up(SimQuantity& owner);
    ~Up();
    void make_control();

    SimQuantity& owner;
    const std::string holder;
    SimPublisher markers;
    std::optional<services::leasing::QuantityControl> control;
    std::set<std::string> left;    // holders that took their leave
    std::set<std::string> leaves;  // those whose farewell has come: it may be answered later
    struct Heard {
      Duration awake;  // the time that this process had been awake
      Duration stood_still;
    };
    std::map<std::string, Heard> heard;                 // by holder
    std::vector<Member> members;                        // of the ring, when it was last looked at
    std::map<std::int64_t, std::unique_ptr<Job>> jobs;  // by number
    std::int64_t last_job = 0;
    std::int64_t in_ring = 0;  // the job that holds QuantityControl's mutex while it waits; 0: none
    std::int64_t granting = 0;  // likewise that of grants
  };
  Duration awake() const;
  void check_members();
  bool leads() const;
  void check_ring(const peers::HeartbeatReply& reply) const;
  void check_reply(const peers::Heartbeat& heartbeat, const peers::HeartbeatReply& reply,
                   const Up::Heard& heard);
  void spoil_reply(const peers::Heartbeat& heartbeat, peers::HeartbeatReply& reply);
  void check_loss(const peers::Heartbeat& heartbeat) const;
  void repeat_lease(const peers::LeaseAsk& ask, peers::LeaseReply& reply) const;
  /// Like the schedules of the role.
  void lead();
  void review();
  void expire_holds();
  void recover();
  void run(Kind kind, std::function<void()> work);
  void go_on(std::int64_t job);
  bool must_wait(std::int64_t job);
  void answer_beat(const peers::Heartbeat& heartbeat, const Up::Heard& heard, Now now,
                   const Network::Answer<Said<peers::HeartbeatReply>>& answer);
  void answer_ask(const peers::LeaseAsk& ask, Now now,
                  const Network::Answer<Said<peers::LeaseReply>>& answer);
  /// Reads the clock, then waits for its turn.
  void later(std::function<void(Now)> serve);

  Stage* stage_;
  SimBroker* broker_;
  SimDatabase* database_;
  Process process_;
  DatabaseClient client_;
  SimCatalog catalog_;
  services::orders::HoldExpiry expiry_;
  std::unique_ptr<Up> up_;
  std::map<std::pair<std::string, std::int64_t>, LeaseId> granted_;  // by holder and number
};

}  // namespace stampede::simulation
