#pragma once

#include <signal.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/cluster/cluster.h"
#include "tests/support/eventually.h"
#include "tests/support/servers/child.h"
#include "tests/support/temp_dir.h"

namespace stampede::test_support {

/// A sale on a cluster and the crowd that buys it, for tests of what happens to the cluster
/// meanwhile. Each buyer wants one unit, and would be allowed two, so that a purchase written twice
/// is sold twice. Every answer that a buyer saw is recorded. For one thread.
class CrowdedSale {
 public:
  struct Options {
    std::int64_t stock = 2'000;
    std::int64_t demand = 3'000;  // as much as the stock: nobody may be told "sold out"
    int connections = 64;
    int patience = 3;                       // seconds for one answer; then it counts as lost
    std::vector<std::string> validators{};  // which ones the crowd asks; empty: all
    std::optional<net::HostPort> proxy = std::nullopt;  // the crowd asks this proxy instead
  };
  /// Opens the sale and starts the crowd. Prints its seed; the variable TEST_SEED sets it.
  CrowdedSale(Cluster& cluster, Options options);

  Cluster::OpenSale sale() const { return sale_; }
  /// Waits until buyers were told of that many units sold, a multiple of kTold, so that what comes
  /// next falls into the middle of the sale. Throws std::runtime_error if it does not come.
  void await_sold(std::int64_t units);
  static constexpr std::int64_t kTold = 50;

  /// Units that the database shows as sold so far.
  std::int64_t sold() const;
  /// Waits until `condition()` holds, as eventually() does. Once `units` are sold the crowd stands
  /// still for the rest of the wait, so that the sale is not over before, however long that takes.
  template <class Condition>
  bool eventually_before(std::int64_t units, Condition&& condition) {
    bool paused = false;
    const bool holds = eventually(kPatience, [&] {
      if (!paused && sold() >= units) {
        freeze_process(crowd_.pid());
        paused = true;
      }
      return condition();
    });
    if (paused) crowd_.signal(SIGCONT);
    return holds;
  }

  /// Waits until every buyer has an answer, then expects what must hold after any fault: all
  /// pending purchases resolved (I10), the audit of all answers clean (I1 to I5) and every unit
  /// sold (I6), no lease left open, nothing quarantined, every role ending in order, and nothing
  /// left in the queues. Ends the cluster's roles.
  void finish();

  /// After finish(): how often buyers heard that kind of answer and asked again ("503 unavailable",
  /// "lost"); 0 if never.
  std::int64_t asked_again(std::string_view kind) const;
  const std::string& summary() const { return summary_; }
  /// Likewise: purchases that came after their lease was closed, and failed.
  std::int64_t too_late() const { return too_late_; }

 private:
  std::size_t queued();
  void end_roles();
  void expect_clean_audit();

  Cluster& cluster_;
  const Options options_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  const TempDir folder_;
  const std::filesystem::path answers_ = folder_.path() / "answers.jsonl";
  const Cluster::OpenSale sale_;
  Child crowd_;
  std::string summary_;
  std::int64_t too_late_ = 0;
};

/// How long a test holds a fault that lasts: its input, not a wait for anything.
void hold(std::chrono::milliseconds time);

}  // namespace stampede::test_support
