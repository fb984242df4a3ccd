#include "services/leasing/leasing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "queue/local/local_queue.h"
#include "repositories/memory/memory_store.h"
#include "tests/support/test_ring.h"

namespace stampede::services::leasing {
namespace {

using std::chrono::seconds;

constexpr ProductId kProduct{1};
constexpr SaleId kSale{1};
constexpr Instant kStart{seconds{1'800'000'000}};
constexpr Now kNow{kStart, Tick{seconds{1'000}}};

class LeasingTest : public testing::Test {
 protected:
  LeasingTest() {
    store_.set_clock(kNow.wall);
    store_.add_sale(sale_);
    checkout_.load_sales(std::vector{sale_});
  }

  std::vector<queue::Message> queued() {
    std::vector<queue::Message> batch;
    if (queue_.depth() > 0 && !queue_.receive(batch, 100)) ADD_FAILURE() << "the queue is shut";
    return batch;
  }
  std::optional<Answer> buy(std::int64_t buyer) {
    return checkout_.attempt(
        {UserId{buyer}, kProduct, *IdempotencyKey::parse("0123456789abcdef"), {}, kNow}, [this] {
          return purchase::Waiter{&post_, [](Answer&&) {}};
        });
  }

  const Sale sale_{.id = kSale,
                   .product = kProduct,
                   .quantity = 3,
                   .starts_at = kStart,
                   .ends_at = kStart + seconds{60},
                   .captcha = false};
  test::TestRing ring_;
  captcha::Tokens captcha_{ring_.ring()};
  admission::Blacklist blacklist_;
  queue::local::LocalQueue queue_{100};
  repositories::memory::MemoryStore store_;
  purchase::Checkout checkout_{{.check_rate = 0}, {captcha_, queue_, blacklist_}};
  Leasing leasing_{store_, queue_, checkout_};
  const purchase::Post post_ = [](std::move_only_function<void()> task) { task(); };
};

TEST_F(LeasingTest, OneLeaseHoldsTheWholeStock) {
  leasing_.review(kNow);
  const auto state = store_.state();
  ASSERT_EQ(state.leases.size(), 1);
  EXPECT_EQ(state.leases.begin()->second.granted, 3);
  EXPECT_EQ(state.sales.at(kSale).unleased, 0);
  leasing_.review(kNow);
  EXPECT_EQ(store_.state().leases.size(), 1);
  for (int buyer = 1; buyer <= 3; ++buyer) EXPECT_FALSE(buy(buyer)) << buyer;
}

TEST_F(LeasingTest, AKeyWithoutASaleWaitsForTheLeasesOfTheSaleBefore) {
  Sale next = sale_;
  next.id = SaleId{2};
  next.starts_at = *sale_.ends_at;
  next.ends_at = std::nullopt;
  store_.add_sale(next);
  checkout_.load_sales(std::vector{sale_, next});
  leasing_.review(kNow);
  const Now later{*sale_.ends_at, kNow.tick + seconds{60}};
  const auto buy_later = [&](std::int64_t buyer) {
    return checkout_.attempt(
        {UserId{buyer}, kProduct, *IdempotencyKey::parse("0123456789abcdef"), {}, later}, [this] {
          return purchase::Waiter{&post_, [](Answer&&) {}};
        });
  };
  leasing_.review(later);
  ASSERT_EQ(store_.state().sales.at(next.id).unleased, 0) << "the next sale sells";
  ASSERT_TRUE(buy_later(1));
  EXPECT_EQ(buy_later(1)->verdict, Verdict::kUnavailable);
  {
    const auto transaction = store_.begin();
    transaction->close(LeaseId{1});
    transaction->commit();
  }
  leasing_.review(later);
  EXPECT_FALSE(buy_later(1));
}

TEST_F(LeasingTest, LeasedAndUnsoldIsNotSoldOut) {
  leasing_.review(kNow);
  for (int buyer = 1; buyer <= 3; ++buyer) ASSERT_FALSE(buy(buyer));
  leasing_.review(kNow);
  EXPECT_EQ(buy(4)->verdict, Verdict::kUnavailable);
}

TEST_F(LeasingTest, SoldOutOnceEveryUnitIsCharged) {
  leasing_.review(kNow);
  const LeaseId lease = store_.state().leases.begin()->first;
  {
    const auto transaction = store_.begin();
    ASSERT_TRUE(transaction->charge({lease, 3}));
    transaction->commit();
  }
  leasing_.review(kNow);
  EXPECT_EQ(buy(4)->verdict, Verdict::kSoldOut);
}

TEST_F(LeasingTest, WhileOrdersAreLoadedNoSaleIsConcluded) {
  const Now after{*sale_.ends_at, kNow.tick};
  const auto concluded = [&] {
    return checkout_.catalog().snapshot()->find(kSale)->units->concluded();
  };
  leasing_.review(after, false);
  EXPECT_FALSE(concluded());
  leasing_.review(after);
  EXPECT_TRUE(concluded());
}

TEST_F(LeasingTest, TheCheckoutHearsSinceWhenASaleIsSettled) {
  const auto settled_at = [&] {
    return checkout_.catalog().snapshot()->find(kSale)->units->settled_at();
  };
  leasing_.review(kNow);
  EXPECT_EQ(settled_at(), std::nullopt);
  store_.set_clock(kStart + seconds{7});
  {
    const LeaseId lease = store_.state().leases.begin()->first;
    const auto transaction = store_.begin();
    ASSERT_TRUE(transaction->charge({lease, 3}));
    transaction->close(lease);
    transaction->commit();
  }
  leasing_.review(kNow);
  EXPECT_EQ(settled_at(), kStart + seconds{7});
  store_.add_stock(kSale, 1);
  leasing_.review(kNow);
  EXPECT_EQ(settled_at(), std::nullopt);
}

TEST_F(LeasingTest, ALeaseOfADeadProcessIsFencedAndItsMarkerToBeWritten) {
  const auto left = store_.grant(kSale, 2, kStart);
  const auto markers = leasing_.fence_left_over();
  EXPECT_EQ(store_.state().leases.at(*left).state, LeaseState::kFenced);
  ASSERT_EQ(markers.size(), 1);
  EXPECT_EQ(std::get<queue::CloseMarker>(markers[0]).lease, *left);
}

TEST_F(LeasingTest, ReturnedStockIsAFurtherLease) {
  leasing_.review(kNow);
  for (int buyer = 1; buyer <= 3; ++buyer) ASSERT_FALSE(buy(buyer));
  const auto messages = queued();
  ASSERT_EQ(messages.size(), 4) << "three purchases and the marker of the drained lease";
  {
    const auto transaction = store_.begin();  // as if two of the three purchases had failed
    const LeaseId lease = std::get<queue::CloseMarker>(messages[3]).lease;
    ASSERT_TRUE(transaction->charge({lease, 1}));
    transaction->close(lease);
    transaction->commit();
  }
  leasing_.review(kNow);
  EXPECT_EQ(store_.state().leases.size(), 2);
  EXPECT_FALSE(buy(4));
  EXPECT_FALSE(buy(5));
  EXPECT_EQ(buy(6)->verdict, Verdict::kUnavailable);
}

TEST_F(LeasingTest, ASaleThatEndedHereGetsNoLease) {
  Sale ended = sale_;
  ended.ends_at = kStart;
  checkout_.load_sales(std::vector{ended});
  leasing_.review(kNow);
  EXPECT_TRUE(store_.state().leases.empty());
}

TEST_F(LeasingTest, NothingIsLeasedWhileTheTermsMayChangeAndAllIsAtTheStart) {
  const auto before = [](std::chrono::milliseconds time) {
    return Now{kStart - time, kNow.tick - time};
  };
  leasing_.review(before(Sale::kTermsFixed + std::chrono::milliseconds{1}));
  EXPECT_TRUE(store_.state().leases.empty());
  leasing_.review(before(Sale::kTermsFixed));
  ASSERT_EQ(store_.state().leases.size(), 1);
  EXPECT_EQ(store_.state().leases.begin()->second.granted, 3);
  EXPECT_FALSE(buy(1)) << "the first purchase waits for its commit, not for a lease";
}

TEST_F(LeasingTest, AddedStockReopensASaleThatWasSoldOut) {
  leasing_.review(kNow);
  const LeaseId lease = store_.state().leases.begin()->first;
  {
    const auto transaction = store_.begin();
    ASSERT_TRUE(transaction->charge({lease, 3}));
    transaction->close(lease);
    transaction->commit();
  }
  leasing_.review(kNow);
  ASSERT_EQ(buy(1)->verdict, Verdict::kSoldOut);
  store_.add_stock(kSale, 2);
  leasing_.review(kNow);
  EXPECT_FALSE(buy(2));
  EXPECT_FALSE(buy(3));
}

}  // namespace
}  // namespace stampede::services::leasing
