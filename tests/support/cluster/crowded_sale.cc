#include "tests/support/cluster/crowded_sale.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "tests/support/eventually.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
constexpr auto kSaleTime = 10min;

std::uint64_t seed() {
  const char* given = std::getenv("TEST_SEED");
  return given != nullptr ? std::stoull(given) : std::random_device{}();
}

/// Writes the crowd's buyers to a file, and answers the command that runs the crowd.
std::vector<std::string> crowd_command(const Cluster& cluster, const CrowdedSale::Options& options,
                                       ProductId product, const std::filesystem::path& folder,
                                       const std::filesystem::path& answers) {
  const std::filesystem::path buyers = folder / "buyers";
  std::ofstream(buyers) << cluster.mint_lines(1, options.demand);
  std::vector<std::string> words{STAMPEDE_CROWD,
                                 "--product",
                                 std::to_string(product.value),
                                 "--buyers",
                                 buyers.string(),
                                 "--answers",
                                 answers.string(),
                                 "--connections",
                                 std::to_string(options.connections),
                                 "--patience",
                                 std::to_string(options.patience),
                                 "--longest-wait",
                                 "1",
                                 "--give-up",
                                 std::to_string(std::chrono::seconds{kSaleTime}.count()),
                                 "--tell-every",
                                 std::to_string(CrowdedSale::kTold),
                                 "--seed",
                                 std::to_string(seed()),
                                 "--web",
                                 cluster.address("web").text()};
  if (options.proxy) {
    words.insert(words.end(), {"--check", options.proxy->text()});
    return words;
  }
  const auto& nodes = options.validators.empty() ? cluster.validators() : options.validators;
  for (const std::string& node : nodes) {
    words.insert(words.end(), {"--check", cluster.address(node).text()});
  }
  return words;
}

/// The lines of the file of answers about keys that `findings` names.
std::string answers_to(const std::filesystem::path& answers, const std::string& findings) {
  std::string found;
  std::ifstream file(answers);
  for (std::string line; std::getline(file, line);) {
    const std::size_t begin = line.find(R"("key":")") + 7;
    const std::string key = line.substr(begin, line.find('"', begin) - begin);
    if (findings.find("key " + key) == std::string::npos) continue;
    found += line + '\n';
  }
  return found;
}

}  // namespace

CrowdedSale::CrowdedSale(Cluster& cluster, Options options)
    : cluster_(cluster),
      options_(std::move(options)),
      sale_(cluster.open_sale({.quantity = options_.stock, .limit = 2})),
      crowd_(crowd_command(cluster, options_, sale_.product, folder_.path(), answers_)) {
  if (crowd_.read_line(kPatience) != "started") {
    throw std::runtime_error("the crowd did not start: " + crowd_.standard_error());
  }
}

void CrowdedSale::await_sold(std::int64_t units) {
  while (const auto line = crowd_.read_line(kSaleTime)) {
    if (*line == fmt::format("sold {}", units)) return;
  }
  throw std::runtime_error(
      fmt::format("{} units were never sold: {}", units, cluster_.run({"audit"})));
}

std::int64_t CrowdedSale::sold() const {
  return cluster_.number(fmt::format(
      "SELECT COUNT(*) FROM orders WHERE sale = {} AND status = 'success'", sale_.id.value));
}

void CrowdedSale::finish() {
  const auto exit = crowd_.wait(kSaleTime);
  ASSERT_TRUE(exit.has_value()) << "the crowd hangs";
  summary_ = crowd_.read_rest(kPatience);
  summary_.erase(0, summary_.find("seed "));
  fmt::print("{}", summary_);
  EXPECT_EQ(*exit, 0) << "some buyers were never answered";
  EXPECT_TRUE(eventually(kPatience, [&] {
    return cluster_.number("SELECT COUNT(*) FROM stock_leases WHERE state <> 'closed'") == 0;
  })) << "a lease is left open";
  EXPECT_EQ(cluster_.number("SELECT COUNT(*) FROM quarantine"), 0);
  EXPECT_EQ(cluster_.number("SELECT COUNT(*) - COUNT(DISTINCT sale, buyer, intent) FROM orders"), 0)
      << "an intent became several orders";
  too_late_ = cluster_.number("SELECT COUNT(*) FROM orders WHERE reason = 'too-late'");
  fmt::print("too late   {}\n", too_late_);
  expect_clean_audit();
  end_roles();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin_;
  fmt::print("whole      {:.1f} s\n", time.count());
  std::fflush(stdout);
}

/// The consumer last: the others may publish to their end, and the broker hears of what it
/// acknowledges a moment later.
void CrowdedSale::end_roles() {
  const auto end = [this](const std::string& role) {
    EXPECT_EQ(cluster_.terminate(role), 0) << role << ": " << cluster_.log(role);
  };
  for (const std::string& node : cluster_.validators()) {
    if (!cluster_.running(node)) continue;
    EXPECT_TRUE(eventually(
        kPatience, [&] { return cluster_.metric(node, "stampede_publisher_unresolved") == 0; }))
        << node << " waits for the broker's word: " << cluster_.metrics(node);
  }
  for (const std::string& role : cluster_.roles()) {
    if (cluster_.command(role) != "consume") end(role);
  }
  EXPECT_TRUE(eventually(kPatience, [&] { return queued() == 0; })) << "messages are left";
  end("consume");
  // What it did not acknowledge is back in its queue.
  EXPECT_EQ(queued(), 0U) << "messages are left in the queues";
}

/// Asks three times at most, because a broker on a busy machine may be slow to answer.
std::size_t CrowdedSale::queued() {
  for (int tries = 1;; ++tries) {
    try {
      return cluster_.queued();
    } catch (const std::exception&) {
      if (tries == 3) throw;
    }
  }
}

void CrowdedSale::expect_clean_audit() {
  std::vector<std::string> words{
      "audit",           "--sale",   std::to_string(sale_.id.value), "--answers",
      answers_.string(), "--demand", std::to_string(options_.demand)};
  const CommandResult audit = cluster_.try_run(words);
  EXPECT_EQ(audit.exit, 0) << audit.out << audit.err << answers_to(answers_, audit.out);
  EXPECT_NE(audit.out.find("I6 no undersell    holds"), std::string::npos) << audit.out;
}

std::int64_t CrowdedSale::asked_again(std::string_view kind) const {
  std::istringstream lines(summary_);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string what;
    std::int64_t count = 0;
    std::string heard;
    if (words >> what >> count >> std::ws && std::getline(words, heard) && what == "again" &&
        heard == kind) {
      return count;
    }
  }
  return 0;
}

void hold(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

}  // namespace stampede::test_support
