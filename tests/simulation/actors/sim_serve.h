#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tests/simulation/actors/check_server.h"
#include "tests/simulation/actors/sim_catalog.h"
#include "tests/simulation/checks.h"

namespace stampede::simulation {

/// The process `stampede serve`: the real EmbeddedSale, LocalQueue, BatchWriter and ConsumerSteps,
/// on a database file of its own. What threads do there, events do here. Killed, it forgets
/// everything that is not in the database. It ends by itself where the database cannot be read at
/// its start, and where a flush failed; then it is started again.
class SimServe final : public CheckServer {
 public:
  SimServe(Stage& stage, Network& network, SimDatabase& database, Checks& checks);
  ~SimServe() override;

  Process& process() override { return process_; }
  void check(const Check& check, const Network::Answer<Answer>& answer) override;

  void start();
  void kill();
  /// As SIGTERM does it; calls `gone` at the end.
  void leave(std::function<void()> gone);

  /// What still goes on, in words; empty if nothing does.
  std::string unrest() const;

 private:
  struct Up;
  /// Where a bug is planted, or for the file itself: what happens to a process whose flush failed.
  struct FlushFailed {};

  /// Runs `what` in the process, which ends if a flush fails in it.
  void run(const std::function<void()>& what);
  void end(const char* why);
  void every(Duration period, void (Up::*what)());
  void decide(const Check& check, Now now, Duration read, const Network::Answer<Answer>& answer);
  std::move_only_function<void(Answer&&)> resume(const Network::Answer<Answer>& answer);
  void finish_leaving(std::function<void()> gone, Duration deadline);
  bool over(LeaseId lease) const;

  Stage* stage_;
  SimDatabase* database_;
  Checks* checks_;
  Process process_;
  DatabaseClient client_;
  SimCatalog catalog_;
  std::unique_ptr<Up> up_;
  bool flush_failed_ = false;
};

}  // namespace stampede::simulation
