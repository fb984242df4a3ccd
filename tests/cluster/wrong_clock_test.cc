// A validator whose wall clock is an hour off: it learns the time, says so, sells, and tells nobody
// a no or a not yet by its own clock.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "model/time.h"
#include "tests/support/cluster/cluster.h"
#include "tests/support/eventually.h"
#include "tests/support/sanitized.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class WrongClock : public testing::TestWithParam<std::chrono::hours> {
 protected:
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "a sanitizer's own library has to be loaded first";
  }
  static std::string in(std::chrono::minutes time) {
    return format_rfc3339(read_clocks().wall + time);
  }
};

/// Requests that a validator passed on to their buyers' owner.
std::int64_t forwarded(const Cluster& cluster, const std::string& validator) {
  constexpr std::string_view kName = "\nstampede_check_forwarded_total ";
  const std::string metrics = cluster.metrics(validator);
  const std::size_t at = metrics.find(kName);
  return at == std::string::npos ? 0 : std::stoll(metrics.substr(at + kName.size()));
}

INSTANTIATE_TEST_SUITE_P(By, WrongClock, testing::Values(1h, -1h), [](const auto& hours) {
  return hours.param > 0h ? "an_hour_ahead" : "an_hour_behind";
});

TEST_P(WrongClock, TheValidatorLearnsTheTimeAndSells) {
  Servers servers({});
  Cluster cluster(servers);
  const auto open = cluster.open_sale({.product = {}, .quantity = 100, .ends = in(30min)});
  const auto upcoming = cluster.open_sale({.product = {}, .quantity = 100, .starts = in(30min)});
  ASSERT_EQ(cluster.terminate("a"), 0);
  cluster.set_wall_clock("a", GetParam());
  cluster.launch("a");

  std::string told;
  EXPECT_TRUE(eventually(kPatience,
                         [&] {
                           told = cluster.operator_at("a").get("/readyz").body;
                           return told.find("A clock is wrong: the wall clock is 3") !=
                                  std::string::npos;
                         }))
      << told << cluster.log("a");
  EXPECT_THAT(told, HasSubstr(GetParam() > 0h ? "ahead of" : "behind"));
  EXPECT_THAT(cluster.metrics("a"), HasSubstr("\nstampede_clock_believed 0\n"));
  EXPECT_THAT(cluster.metrics("a"),
              testing::ContainsRegex(fmt::format("\nstampede_clock_ahead_seconds {}3[56]",
                                                 GetParam() > 0h ? "" : "-")));
  EXPECT_THAT(cluster.log("a"), HasSubstr("the wall clock is wrong"));
  EXPECT_TRUE(eventually(kPatience, [&] {
    return cluster.log("a").find("a clock is wrong: nobody is told no") != std::string::npos;
  })) << cluster.log("a");
  EXPECT_TRUE(eventually(kPatience,
                         [&] { return cluster.number("SELECT COUNT(*) FROM validators") == 2; }));

  // Buyers of each validator ask each of them. One that does not own the buyer passes the request
  // on, and the owner decides.
  std::map<std::string, std::set<std::string>> upcoming_answers;
  std::set<std::string> open_answers;
  for (std::int64_t id = 1; id <= 8; ++id) {
    for (const char* asked : {"a", "b"}) {
      Buyer buyer = cluster.buyer(asked, id * 10 + (*asked - 'a'));
      const std::string too_early = fresh_key();
      EXPECT_TRUE(eventually(kPatience, [&] {
        const std::int64_t before = forwarded(cluster, asked);
        const std::string answer = buyer.buy(upcoming.product, too_early).result;
        const bool passed_on = forwarded(cluster, asked) > before;
        const char* const owner = passed_on == (*asked == 'a') ? "b" : "a";
        // The owner with the right clock may say this too, but only until it has the new ring.
        if (*owner == 'b' && answer == "unavailable") return false;
        upcoming_answers[owner].insert(answer);
        return true;
      })) << asked;
      const std::string key = fresh_key();
      std::string result;
      EXPECT_TRUE(eventually(kPatience,
                             [&] {
                               result = buyer.buy(open.product, key).result;
                               open_answers.insert(result);
                               return result == "sold";
                             }))
          << asked << ": " << result;
    }
  }
  EXPECT_THAT(upcoming_answers["a"], testing::ElementsAre("unavailable")) << "neither no nor yes";
  EXPECT_THAT(upcoming_answers["b"], testing::ElementsAre("not-started"));
  open_answers.erase("sold");
  open_answers.erase("pending");
  open_answers.erase("unavailable");
  EXPECT_THAT(open_answers, testing::IsEmpty());
  cluster.audit();
}

}  // namespace
}  // namespace stampede::test_support
