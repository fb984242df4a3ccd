#include "app/embedded/embedded_sale.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "consumers/consumer_steps.h"
#include "queue/local/local_queue.h"
#include "repositories/memory/memory_store.h"
#include "repositories/storage_error.h"
#include "schedules/periods.h"
#include "tests/support/fakes/quiet_catalog.h"
#include "tests/support/test_ring.h"

namespace stampede::app {
namespace {

using repositories::StorageError;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr ProductId kProduct{1};
constexpr SaleId kSale{1};
constexpr UserId kBanned{66};
constexpr Instant kStart{seconds{1'800'000'000}};
constexpr milliseconds kLength{60'000};

Now at(milliseconds since) { return {kStart + since, Tick{seconds{1'000}} + since}; }

IdempotencyKey key(std::int64_t buyer) {
  return *IdempotencyKey::parse("key-of-a-buyer-" + std::to_string(buyer));
}

/// Refuses every row while it is told to, and lets others in while orders are read.
class TestStore final : public repositories::memory::MemoryStore {
 public:
  std::unique_ptr<repositories::OrderTransaction> begin() override {
    if (refuses) throw StorageError(StorageError::Kind::kRefused, "a constraint does not hold");
    return MemoryStore::begin();
  }
  std::vector<Order> numbered(OrderNumber first, OrderNumber last, std::size_t most) override {
    const auto orders = MemoryStore::numbered(first, last, most);
    if (behind_numbered) behind_numbered();
    return orders;
  }
  bool refuses = false;
  std::function<void()> behind_numbered;
};

/// The catalog of one sale, a ban, and what is in quarantine.
class Shop final : public test_support::QuietCatalog, public repositories::Quarantine {
 public:
  explicit Shop(const TestStore& store) : store_(&store) {}

  repositories::ListedSales sales() override {
    return {.revision = 1, .sales = {store_->view().sales.at(kSale)}};
  }
  std::vector<Product> products() override {
    return {{.id = kProduct, .name = "fox", .description = {}, .created_at = kStart}};
  }
  std::optional<repositories::Revisions> poll() override {
    return repositories::Revisions{.catalog = 1, .blacklist = 1};
  }
  repositories::HeldBans list(Instant) override {
    return {.revision = 1, .entries = {{.user = kBanned}}};
  }
  void put(std::span<const BlacklistEntry>) override {}
  void put(std::int32_t, std::string_view, std::string_view, Instant) override { ++quarantined; }
  std::int64_t count() override { return quarantined; }

  std::int64_t quarantined = 0;

 private:
  const TestStore* store_;
};

/// Two units, from kStart on, and a queue that is written when the test says so.
class EmbeddedSaleTest : public testing::Test {
 protected:
  EmbeddedSaleTest() {
    store_.set_clock(kStart);
    store_.add_sale({.id = kSale,
                     .product = kProduct,
                     .quantity = 2,
                     .starts_at = kStart,
                     .ends_at = kStart + kLength,
                     .captcha = false});
  }

  void start_whole() {
    sale_.start(at(seconds{0}));
    sale_.load_orders(at(seconds{0}));
    ASSERT_TRUE(sale_.loading().complete);
  }
  /// The answer at once, if there is one; what is told later is in told_.
  std::optional<Verdict> attempt(std::int64_t buyer, Now now = at(seconds{0}),
                                 ProductId product = kProduct) {
    const auto answer =
        sale_.checkout().attempt({UserId{buyer}, product, key(buyer), {}, now}, [&] {
          return services::purchase::Waiter{
              &post_, [this](Answer&& later) { told_.push_back(later.verdict); }};
        });
    if (!answer) return std::nullopt;
    return answer->verdict;
  }
  /// What is in the queue, as the consumer does it.
  void write() {
    consumers::BatchWriter writer(sale_.writer(), sale_.dead_letters(), sale_.listener(), {});
    consumers::ConsumerSteps steps(queue_, writer);
    while (queue_.depth() > 0 || steps.next() != consumers::ConsumerSteps::Next::kReceive) {
      ASSERT_EQ(steps.step(kStart, 100), consumers::ConsumerSteps::Outcome::kDone);
    }
  }
  void change(std::int64_t number, OrderEventKind kind) {
    store_.change(OrderNumber{number}, [&](const repositories::OrderFacts* facts) {
      return repositories::OrderDecision{.event = OrderEvent{.order = facts->order.number,
                                                             .kind = kind,
                                                             .actor = "cli:olga",
                                                             .reason = "",
                                                             .at = kStart}};
    });
  }
  std::int64_t available() { return sale_.checkout().catalog().available(); }

  test::TestRing ring_;
  captcha::Tokens captcha_{ring_.ring()};
  services::accounts::Sessions sessions_{ring_.ring()};
  queue::local::LocalQueue queue_{100};
  TestStore store_;
  Shop shop_{store_};
  services::catalog::Catalog catalog_{shop_};
  std::vector<Verdict> told_;
  int reloads_wanted_ = 0;
  std::vector<std::size_t> sales_when_shown_;
  EmbeddedSale sale_{{.rules = {.check_rate = 0},
                      .captcha = captcha_,
                      .keys = ring_.ring(),
                      .sessions = sessions_,
                      .catalog = catalog_,
                      .queue = queue_,
                      .storage = {.changes = shop_,
                                  .accounts = shop_,
                                  .blacklist = shop_,
                                  .leases = store_,
                                  .orders = store_,
                                  .order_events = store_,
                                  .order_store = store_,
                                  .quarantine = shop_},
                      .show =
                          [this](const std::vector<Product>& products) {
                            EXPECT_EQ(products.size(), 1U);
                            sales_when_shown_.push_back(
                                sale_.checkout().catalog().snapshot()->all().size());
                          },
                      .want_reload = [this] { ++reloads_wanted_; }}};
  const services::purchase::Post post_ = [](std::move_only_function<void()> task) { task(); };
};

TEST_F(EmbeddedSaleTest, WhatAProcessBeforeItLeftLeasedIsSold) {
  const auto left = store_.grant(kSale, 2, kStart);
  start_whole();
  EXPECT_EQ(store_.view().leases.at(*left).state, LeaseState::kClosed);
  EXPECT_EQ(available(), 2);
  EXPECT_EQ(queue_.depth(), 0U) << "all of it before the first request";
}

TEST_F(EmbeddedSaleTest, ItsStartKnowsBansAndSalesAndShowsTheProducts) {
  start_whole();
  EXPECT_EQ(attempt(kBanned.value), Verdict::kBlacklisted);
  EXPECT_THAT(sales_when_shown_, testing::ElementsAre(1U));
}

TEST_F(EmbeddedSaleTest, ItSellsAndSaysNoNoBeforeAllOrdersAreLoaded) {
  sale_.start(at(seconds{0}));
  EXPECT_EQ(attempt(1, at(seconds{0}), ProductId{9}), Verdict::kUnavailable);
  EXPECT_EQ(attempt(2), std::nullopt);
  sale_.load_orders(at(seconds{0}));
  EXPECT_EQ(attempt(1, at(seconds{0}), ProductId{9}), Verdict::kUnknownProduct);
}

TEST_F(EmbeddedSaleTest, NoSaleIsConcludedBeforeAllOrdersAreLoaded) {
  const auto concluded = [this] {
    return sale_.checkout().catalog().snapshot()->find(kSale)->units->concluded();
  };
  const Now after = at(kLength);
  sale_.start(after);
  EXPECT_FALSE(concluded());
  sale_.load_orders(after);
  sale_.reload(after);
  EXPECT_TRUE(concluded());
}

TEST_F(EmbeddedSaleTest, WhoWaitsIsToldOnceItIsWritten) {
  start_whole();
  EXPECT_EQ(attempt(1), std::nullopt);
  EXPECT_EQ(attempt(2), std::nullopt);
  EXPECT_THAT(told_, testing::IsEmpty());
  write();
  EXPECT_THAT(told_, testing::ElementsAre(Verdict::kSold, Verdict::kSold));
  EXPECT_EQ(reloads_wanted_, 1) << "the lease of both is closed";
}

TEST_F(EmbeddedSaleTest, APurchaseInQuarantineIsAnsweredAndItsKeyIsFree) {
  start_whole();
  EXPECT_EQ(attempt(1), std::nullopt);
  store_.refuses = true;
  write();
  EXPECT_EQ(shop_.quarantined, 1);
  EXPECT_THAT(told_, testing::ElementsAre(Verdict::kUnavailable));
  store_.refuses = false;
  EXPECT_EQ(attempt(1), std::nullopt) << "not: too soon";
  write();
  EXPECT_THAT(told_, testing::ElementsAre(Verdict::kUnavailable, Verdict::kSold));
}

/// By another process, and its buyer is told before anybody is sold its unit.
TEST_F(EmbeddedSaleTest, AReloadHearsOfACancelledOrderAndSellsItsUnit) {
  start_whole();
  for (const int buyer : {1, 2}) EXPECT_EQ(attempt(buyer), std::nullopt);
  write();
  EXPECT_EQ(available(), 0);
  change(1, OrderEventKind::kCancelled);
  sale_.reload(at(seconds{0}));
  EXPECT_EQ(attempt(1), Verdict::kPurchaseFailed);
  EXPECT_EQ(available(), 1);
}

/// A reload hears of a change while another thread has read the order as it was before.
TEST_F(EmbeddedSaleTest, AnOrderThatWasReadBeforeItsChangeDoesNotUndoIt) {
  const auto lease = store_.grant(kSale, 1, kStart);
  sale_.writer().write(std::vector<queue::Message>{Purchase{
      .sale = kSale, .buyer = {1}, .intent = key(1), .lease = *lease, .created_at = kStart}});
  change(1, OrderEventKind::kPaid);
  sale_.start(at(seconds{0}));
  store_.behind_numbered = [&] {
    change(1, OrderEventKind::kRefundDue);
    sale_.reload(at(seconds{0}));
  };
  sale_.load_orders(at(seconds{0}));
  EXPECT_EQ(attempt(1), Verdict::kPurchaseFailed);
}

TEST_F(EmbeddedSaleTest, AReloadTakesTheUnitsOfASaleThatHasEndedBack) {
  start_whole();
  EXPECT_EQ(available(), 2);
  sale_.reload(at(kLength));
  EXPECT_EQ(available(), 0);
  write();
  EXPECT_EQ(store_.view().sales.at(kSale).unleased, 2);
}

TEST_F(EmbeddedSaleTest, HousekeepingEndsLongWaitsAndForgetsBuyersAtTimes) {
  start_whole();
  EXPECT_EQ(attempt(1), std::nullopt);
  sale_.housekeep(at(services::purchase::Rules{}.wait));
  EXPECT_THAT(told_, testing::ElementsAre(Verdict::kPending));
  write();
  const auto known = [this] { return sale_.checkout().statistics().known_buyers; };
  const Now next_day = at(std::chrono::hours{25});
  for (int round = 2; round < schedules::kSweepEvery; ++round) sale_.housekeep(next_day);
  EXPECT_EQ(known(), 1U);
  sale_.housekeep(next_day);
  EXPECT_EQ(known(), 0U);
}

}  // namespace
}  // namespace stampede::app
