#include "schedules/validator_schedules.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <variant>
#include <vector>

#include "queue/local/local_queue.h"
#include "tests/support/eventually.h"
#include "tests/support/test_ring.h"

namespace stampede::schedules {
namespace {

using services::validator::Validator;
using std::chrono::seconds;
using test_support::eventually;
using test_support::kPatience;

constexpr ProductId kProduct{1};
constexpr SaleId kSale{1};

/// A validator whose quantity control is this test.
class ValidatorSchedulesTest : public testing::Test {
 protected:
  ~ValidatorSchedulesTest() override {
    release();
    schedules_.stop();
  }

  void start() {
    schedules_.start(validator_, {.beat = [this](auto&& heartbeat) { return beat(heartbeat); },
                                  .ask = [this](const auto& ask) { return answer(ask); }});
  }
  std::expected<peers::HeartbeatReply, std::string> beat(const peers::Heartbeat& heartbeat) {
    if (heartbeat.leaving) said_no_when_leaving_ = says_no();
    peers::HeartbeatReply reply{.ring_epoch = 1,
                                .hash_key = "000102030405060708090a0b0c0d0e0f",
                                .members = {validator_.member()},
                                .oldest_open = LeaseId{1},
                                .catalog_revision = 1};
    reply.database_time = read_clocks().wall;
    reply.blacklist = std::vector<BlacklistEntry>{};
    if (heartbeat.catalog_revision != 1) reply.sales = std::vector{sale_};
    reply.renewed = heartbeat.leases;
    reply.cursors = {0, 0, 0, 0};
    return reply;
  }
  /// The first request gets a lease of three units; those after it wait until the test goes on.
  std::expected<peers::LeaseReply, std::string> answer(const peers::LeaseAsk& ask) {
    ++asks_;
    if (asks_ == 1) {
      const StockLease lease{.id = LeaseId{1}, .sale = kSale, .granted = 3, .holder = ask.holder};
      return peers::LeaseReply{.lease = lease};
    }
    release_.wait();
    return std::unexpected("the test has ended");
  }
  void release() {
    if (!released_.exchange(true)) release_.count_down();
  }
  std::int64_t units() {
    const auto sales = validator_.checkout().catalog().snapshot();
    const auto* entry = sales->find(kSale);
    return entry == nullptr ? 0 : entry->units->stock.available();
  }
  void buy(std::int64_t buyer) {
    const auto wait = [this] { return services::purchase::Waiter{&post_, [](Answer&&) {}}; };
    const auto key = *IdempotencyKey::parse("0123456789abcdef");
    validator_.attempt({UserId{buyer}, kProduct, key, {}, read_clocks()}, wait);
  }
  bool says_no() {
    const auto key = *IdempotencyKey::parse("nobodys-intent-at-all");
    const auto answer = validator_.attempt({UserId{99}, ProductId{99}, key, {}, read_clocks()}, {});
    return answer->verdict == Verdict::kUnknownProduct;
  }

  const Sale sale_{.id = kSale,
                   .product = kProduct,
                   .quantity = 9,
                   .starts_at = read_clocks().wall - seconds{60},
                   .captcha = false};
  test::TestRing ring_;
  captcha::Tokens captcha_{ring_.ring()};
  services::accounts::Sessions sessions_{ring_.ring()};
  queue::local::LocalQueue queue_{100};
  std::atomic<bool> shard_usable_{true};
  std::atomic<int> asks_{0};
  std::atomic<bool> released_{false};
  std::latch release_{1};
  std::atomic<bool> said_no_when_leaving_{true};
  ValidatorSchedules schedules_;
  Validator validator_{{.member = {.node = "a", .address = "", .incarnation = "1"},
                        .rules = {.check_rate = 0},
                        .captcha = captcha_,
                        .sessions = sessions_,
                        .queue = queue_,
                        .stuck = [](Tick) { return std::vector<LeaseId>{}; },
                        .shard_usable = [this](LeaseId) { return shard_usable_.load(); },
                        .low_stock = [this] { schedules_.nudge_asks(); }}};
  const services::purchase::Post post_ = [](std::move_only_function<void()> task) { task(); };
};

TEST_F(ValidatorSchedulesTest, LeasesAreReviewedWhileARequestWaits) {
  start();
  ASSERT_TRUE(eventually(kPatience, [this] { return units() == 3; }));
  buy(1);
  buy(2);
  ASSERT_TRUE(eventually(kPatience, [this] { return asks_ > 1; })) << "stock is low";
  shard_usable_ = false;
  ASSERT_TRUE(eventually(kPatience, [this] { return queue_.depth() == 3; }))
      << "the lease is not given up";
  std::vector<queue::Message> batch;
  ASSERT_TRUE(queue_.receive(batch, 3));
  const auto* marker = std::get_if<queue::CloseMarker>(&batch.back());
  ASSERT_NE(marker, nullptr);
  EXPECT_EQ(marker->lease, LeaseId{1});
  release();
}

TEST_F(ValidatorSchedulesTest, LeavesBeforeItSaysFarewellAndAsksForNothingAfterThat) {
  start();
  ASSERT_TRUE(eventually(kPatience, [this] { return units() == 3 && says_no(); }));
  ASSERT_TRUE(schedules_.leave());
  EXPECT_FALSE(said_no_when_leaving_) << "others may decide as soon as they hear of it";
  buy(1);
  buy(2);
  EXPECT_TRUE(validator_.wanted(read_clocks()).empty());
  EXPECT_EQ(asks_, 1);
}

}  // namespace
}  // namespace stampede::schedules
