#include "repositories/sql/orders/order_events.h"

#include <gmock/gmock.h>
#include <soci/soci.h>

#include <atomic>
#include <thread>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// True if the order was active.
bool cancel_by(OrderEvents& events, OrderNumber number) {
  bool active = false;
  events.change(number, [&](const OrderFacts* facts) -> OrderDecision {
    active = facts != nullptr && facts->order.active();
    if (!active) return {};
    return {.event =
                OrderEvent{.order = number, .actor = "cli:olga", .reason = "why", .at = at(7'000)}};
  });
  return active;
}

struct OrderEventsTest : OnEveryEngine {
  SaleId sale = shop.sell(10, 2);
  LeaseId lease = *shop.leases().grant(sale, 5, at(1));
  OrderEvents& events = shop.repositories.order_events();

  bool cancel(OrderNumber number) { return cancel_by(events, number); }
  AuditedSale audited() { return shop.repositories.audit().audited_sales().at(0); }
  std::int64_t unleased() { return shop.catalog().sale(sale)->unleased; }
  std::vector<std::int64_t> found(OrderStatus status) {
    std::vector<std::int64_t> numbers;
    for (const auto& order :
         shop.repositories.order_search().find({.status = status}, {}, 10).orders) {
      numbers.push_back(order.line.order.number.value);
    }
    return numbers;
  }
};

INSTANTIATE_TEST_SUITE_P(On, OrderEventsTest, every_engine(), testing::PrintToStringParamName());

TEST_P(OrderEventsTest, ACancelledOrderIsSoWhereverItIsRead) {
  const auto orders = shop.commit({success(sale, lease, 5, 1), success(sale, lease, 5, 2)});
  ASSERT_TRUE(cancel(orders[0].number));
  const auto line = shop.orders().find(orders[0].number);
  EXPECT_EQ(line->order.status, OrderStatus::kCancelled);
  EXPECT_EQ(line->order.reason, FailureReason::kCancelled);
  const auto bought = shop.orders().purchase(sale, UserId{5}, orders[0].intent, lease);
  EXPECT_EQ(bought.order->status, OrderStatus::kCancelled);
  const auto of_buyer = shop.orders().of_buyer(UserId{5}, {}, 10);
  ASSERT_EQ(of_buyer.size(), 2U);
  EXPECT_EQ(of_buyer[1].order.status, OrderStatus::kCancelled);
  const auto numbered = shop.orders().numbered(orders[0].number, orders[1].number, 10);
  ASSERT_EQ(numbered.size(), 2U);
  EXPECT_EQ(numbered[0].status, OrderStatus::kCancelled);
  EXPECT_TRUE(numbered[1].active());
  EXPECT_THAT(found(OrderStatus::kCancelled), ElementsAre(1));
  EXPECT_THAT(found(OrderStatus::kSuccess), ElementsAre(2));
  auto transaction = shop.repositories.order_store().begin();
  const auto pairs = std::vector{SaleBuyer{sale, UserId{5}}};
  const auto known = transaction->orders_of(pairs);
  ASSERT_EQ(known.size(), 2U);
  EXPECT_EQ(known[0].active() + known[1].active(), 1);
}

TEST_P(OrderEventsTest, ItsUnitGoesBackAndTheUnitsAddUp) {
  const auto orders = shop.commit({success(sale, lease, 5, 1), success(sale, lease, 6, 1)});
  EXPECT_EQ(unleased(), 5);
  ASSERT_TRUE(cancel(orders[0].number));
  EXPECT_FALSE(cancel(orders[0].number));
  EXPECT_FALSE(cancel(OrderNumber{99}));
  EXPECT_EQ(unleased(), 6);
  EXPECT_EQ(audited().active, 1);
  EXPECT_EQ(audited().given_back, 1);
  EXPECT_EQ(audited().returned, 1);
  EXPECT_THAT(audited().mischarged_leases, IsEmpty());
  EXPECT_EQ(shop.leases().stock(at(1)).at(0).sold, 1);
  EXPECT_TRUE(shop.leases().stock(at(1)).at(0).balanced());
  EXPECT_EQ(shop.repositories.units().units(sale)->sold, 1);
  EXPECT_TRUE(shop.repositories.units().units(sale)->balanced());
}

TEST_P(OrderEventsTest, WhoFollowsAShardHearsOfTheOrderAndThenOfTheEvent) {
  const auto orders = shop.commit({success(sale, lease, 5, 1), success(sale, lease, 6, 1)});
  ASSERT_TRUE(cancel(orders[0].number));
  shop.commit({success(sale, lease, 7, 1)});
  const auto told = shop.orders().since(0, 0, 10);
  ASSERT_EQ(told.size(), 4U);
  EXPECT_TRUE(told[0].active()) << "as it was then";
  EXPECT_EQ(told[2].number, orders[0].number);
  EXPECT_EQ(told[2].status, OrderStatus::kCancelled);
  EXPECT_EQ(told[2].seq, 3);
  EXPECT_EQ(told[3].number, OrderNumber{4});
  EXPECT_EQ(shop.orders().since(0, 1, 2).back().seq, 3) << "at most two";
  EXPECT_EQ(shop.orders().since(0, 2, 10).size(), 2U);
  EXPECT_EQ(events.changed(0, 0, 10).size(), 1U);
  EXPECT_THAT(events.changed(0, 3, 10), IsEmpty());
}

TEST_P(OrderEventsTest, TheDigestOfTheShardHasTheEventInIt) {
  const auto orders = shop.commit({success(sale, lease, 5, 1)});
  const ShardEnd before = shop.orders().newest().at(0);
  ASSERT_TRUE(cancel(orders[0].number));
  const ShardEnd now = shop.orders().newest().at(0);
  ShardEnd expected = before;
  for (const Order& order : events.changed(0, 0, 10)) expected.add(order);
  EXPECT_EQ(now, expected);
  EXPECT_NE(now.digest, before.digest);
}

TEST_P(OrderEventsTest, WhatHappenedIsToldInOrder) {
  const auto orders = shop.commit({success(sale, lease, 5, 1)});
  EXPECT_THAT(events.of_order(orders[0].number), IsEmpty());
  ASSERT_TRUE(cancel(orders[0].number));
  const auto happened = events.of_order(orders[0].number);
  ASSERT_EQ(happened.size(), 1U);
  EXPECT_EQ(happened[0].kind, OrderEventKind::kCancelled);
  EXPECT_EQ(happened[0].actor, "cli:olga");
  EXPECT_EQ(happened[0].reason, "why");
  EXPECT_EQ(happened[0].at, at(7'000));
}

Order held(SaleId sale, LeaseId lease, std::int64_t buyer, Instant pay_by) {
  Order order = success(sale, lease, buyer);
  order.status = OrderStatus::kHeld;
  order.pay_by = pay_by;
  return order;
}

OrderDecision paid(const OrderFacts& facts, const std::string& reference) {
  return {.event = OrderEvent{.order = facts.order.number,
                              .kind = OrderEventKind::kPaid,
                              .actor = "demo",
                              .reason = {},
                              .at = at(7'000),
                              .amount_cents = 9'900},
          .payments = {{.order = facts.order.number,
                        .reference = reference,
                        .amount_cents = 9'900,
                        .reason = {},
                        .at = at(7'000),
                        .changed_at = at(7'000)}}};
}

TEST_P(OrderEventsTest, HoldsExpireOnceAndInTurn) {
  const auto orders = shop.commit({held(sale, lease, 5, at(6'000)), held(sale, lease, 6, at(6'000)),
                                   success(sale, lease, 7), held(sale, lease, 8, at(6'500)),
                                   held(sale, lease, 9, at(6'501))});
  EXPECT_EQ(shop.orders().find(orders[0].number)->order.status, OrderStatus::kHeld);
  EXPECT_EQ(shop.orders().find(orders[0].number)->order.pay_by, at(6'000));
  EXPECT_THAT(found(OrderStatus::kHeld), ElementsAre(5, 4, 2, 1));
  events.change(orders[1].number, [](const OrderFacts* facts) { return paid(*facts, "demo:1"); });
  const HoldsOf holds{sale, 0};
  EXPECT_EQ(events.expire(holds, at(5'999), at(9'000), 10).expired, 0);
  EXPECT_EQ(events.expire(holds, at(6'500), at(9'000), 10).expired, 2);
  EXPECT_EQ(events.expire(holds, at(6'500), at(9'000), 10).expired, 0);
  EXPECT_THAT(found(OrderStatus::kExpired), ElementsAre(4, 1));
  EXPECT_THAT(found(OrderStatus::kPaid), ElementsAre(2));
  EXPECT_THAT(found(OrderStatus::kHeld), ElementsAre(5));
  EXPECT_EQ(unleased(), 7);
  EXPECT_EQ(events.expire(holds, at(6'501), at(9'000), 10).expired, 1);
  EXPECT_EQ(unleased(), 8);
  const auto happened = events.of_order(orders[0].number);
  ASSERT_EQ(happened.size(), 1U);
  EXPECT_EQ(happened[0].kind, OrderEventKind::kExpired);
  EXPECT_EQ(happened[0].actor, OrderEvent::kClock);
  EXPECT_EQ(happened[0].at, at(9'000));
  EXPECT_EQ(audited().active, 2);
  EXPECT_EQ(audited().given_back, 3);
  EXPECT_EQ(audited().returned, 3);
  EXPECT_EQ(audited().kept.payments, 1);
  EXPECT_EQ(audited().kept.cents, 9'900);
  EXPECT_EQ(audited().mispaid, 0);
  shop.database.write([](soci::session& session) {
    session << "UPDATE payments SET amount_cents = amount_cents - 1";
  });
  EXPECT_EQ(audited().mispaid, 1) << "the amount is not the one that was paid";
  EXPECT_THAT(audited().mischarged_leases, IsEmpty());
  ShardEnd expected;
  for (const Order& order : shop.orders().since(0, 0, 100)) expected.add(order);
  EXPECT_EQ(shop.orders().newest().at(0).seq, expected.seq);
}

/// Where a sale has been over for longer than a hold of it lasts, and a time, nobody looks any
/// more.
TEST_P(OrderEventsTest, HoldsAreLookedForWhereThereMayBeSome) {
  EXPECT_TRUE(events.holds(at(1)).empty()) << "the sale asks for no payment";
  const auto product = shop.catalog().add_product({.name = "Lamp", .description = ""}, at(1));
  const SaleId payable = *shop.catalog().create_sale({.id = {},
                                                      .product = product,
                                                      .price_cents = 9'900,
                                                      .quantity = 10,
                                                      .per_buyer_limit = 1,
                                                      .starts_at = at(1'000),
                                                      .ends_at = at(5'000),
                                                      .hold = std::chrono::seconds{60}},
                                                     at(2));
  ASSERT_EQ(events.holds(at(64'999)).size(), 1U);
  EXPECT_EQ(events.holds(at(64'999)).at(0).sale, payable);
  EXPECT_TRUE(events.holds(at(65'000)).empty());
}

/// The cursor moves on over other sales' orders, and the sale's own are found behind them.
TEST_P(OrderEventsTest, HoldsAreFoundBehindManyOrdersOfOthers) {
  const SaleId other = shop.sell(200, 1);
  const LeaseId granted = *shop.leases().grant(other, 150, at(1));
  std::vector<Order> orders;
  for (std::int64_t buyer = 1; buyer <= 150; ++buyer) {
    orders.push_back(success(other, granted, buyer));
  }
  orders.push_back(held(sale, lease, 5, at(6'000)));
  shop.commit(orders);
  const HoldsOf holds{sale, 0};
  const auto first = events.expire(holds, at(6'000), at(9'000), 100);
  EXPECT_EQ(first.expired, 0);
  EXPECT_TRUE(first.more);
  EXPECT_EQ(events.expire(holds, at(6'000), at(9'000), 100).expired, 1);
  EXPECT_FALSE(events.expire(holds, at(6'000), at(9'000), 100).more);
}

TEST_P(OrderEventsTest, ManyHoldsExpireAFewAtATime) {
  std::vector<Order> orders;
  for (std::int64_t buyer = 1; buyer <= 5; ++buyer) {
    orders.push_back(held(sale, lease, buyer, at(6'000)));
  }
  shop.commit(orders);
  const HoldsOf holds{sale, 0};
  const auto first = events.expire(holds, at(6'000), at(9'000), 2);
  EXPECT_EQ(first.expired, 2);
  EXPECT_TRUE(first.more);
  EXPECT_EQ(events.expire(holds, at(6'000), at(9'000), 2).expired, 2);
  EXPECT_EQ(events.expire(holds, at(6'000), at(9'000), 2).expired, 1);
  EXPECT_FALSE(events.expire(holds, at(6'000), at(9'000), 2).more);
  EXPECT_EQ(unleased(), 10);
}

TEST_P(OrderEventsTest, AnExpiredOrderThatIsPaidTakesItsUnitAgain) {
  const auto orders = shop.commit({held(sale, lease, 5, at(6'000))});
  ASSERT_EQ(events.expire({sale, 0}, at(6'000), at(9'000), 10).expired, 1);
  events.change(orders[0].number, [&](const OrderFacts* facts) {
    EXPECT_EQ(facts->order.status, OrderStatus::kExpired);
    EXPECT_EQ(facts->sale.unleased, 6);
    EXPECT_EQ(facts->active_of_buyer, 0);
    EXPECT_THAT(facts->payments, IsEmpty());
    return paid(*facts, "demo:1");
  });
  EXPECT_EQ(unleased(), 5);
  EXPECT_EQ(shop.orders().find(orders[0].number)->order.status, OrderStatus::kPaid);
  EXPECT_EQ(audited().given_back, 0);
  EXPECT_EQ(audited().returned, 0);
  EXPECT_EQ(audited().active, 1);
}

TEST_P(OrderEventsTest, APaymentIsWrittenOnceAndChangesItsState) {
  const auto orders = shop.commit({held(sale, lease, 5, at(6'000))});
  const OrderNumber number = orders[0].number;
  events.change(number, [](const OrderFacts* facts) { return paid(*facts, "demo:1"); });
  events.change(number, [](const OrderFacts* facts) {
    OrderDecision decision{.payments = facts->payments};
    decision.payments.at(0).state = PaymentState::kRefundDue;
    decision.payments.at(0).reason = "cancelled";
    decision.payments.at(0).changed_at = at(8'000);
    return decision;
  });
  const auto payment = events.payment("demo:1");
  ASSERT_TRUE(payment);
  EXPECT_EQ(payment->state, PaymentState::kRefundDue);
  EXPECT_EQ(payment->reason, "cancelled");
  EXPECT_EQ(payment->amount_cents, 9'900);
  EXPECT_EQ(payment->at, at(7'000));
  EXPECT_EQ(payment->changed_at, at(8'000));
  EXPECT_EQ(events.payments_of(number).size(), 1U);
  EXPECT_FALSE(events.payment("demo:2"));
  EXPECT_EQ(audited().mispaid, 1) << "the order is paid, and keeps no payment";
  const auto others = shop.commit({held(sale, lease, 6, at(6'000))});
  EXPECT_THROW(events.change(others[0].number,
                             [](const OrderFacts* facts) { return paid(*facts, "demo:1"); }),
               StorageError)
      << "a payment of one order pays no other";
  EXPECT_EQ(shop.orders().find(others[0].number)->order.status, OrderStatus::kHeld);
}

/// Of its sale nothing is sold any more, and the consumer looks into it all the same.
TEST_P(OrderEventsTest, TheKeyOfACancelledOrderIsFoundFromTheNextSaleOfTheProduct) {
  const SaleId small = shop.sell(1);
  const auto only = shop.commit({success(small, *shop.leases().grant(small, 1, at(1)), 5)});
  ASSERT_TRUE(cancel(only[0].number));
  shop.database.write([&](soci::session& session) {
    session << "UPDATE sales SET product = (SELECT p FROM (SELECT product AS p FROM sales "
               "WHERE id = :earlier) e) WHERE id = :sale",
        soci::use(small.value), soci::use(sale.value);
  });
  auto transaction = shop.repositories.order_store().begin();
  const std::vector leases{lease};
  transaction->lock_leases(leases);
  const std::vector pairs{SaleBuyer{sale, UserId{5}}};
  const auto known = transaction->orders_of(pairs);
  ASSERT_EQ(known.size(), 1U);
  EXPECT_EQ(known[0].number, only[0].number);
}

/// Two operators at once, each with a connection of their own.
TEST_P(OrderEventsTest, OfTwoAtOnceOneCancels) {
  std::vector<Order> bought;
  for (std::int64_t buyer = 1; buyer <= 5; ++buyer) bought.push_back(success(sale, lease, buyer));
  const auto orders = shop.commit(bought);
  const auto other = shop.storage.open();
  Repositories others{*other};
  std::atomic<int> cancelled{0};
  const auto cancel_all = [&](OrderEvents& by) {
    for (const Order& order : orders) cancelled += cancel_by(by, order.number) ? 1 : 0;
  };
  std::jthread second([&] { cancel_all(others.order_events()); });
  cancel_all(events);
  second.join();
  EXPECT_EQ(cancelled, 5);
  EXPECT_EQ(unleased(), 10);
  EXPECT_EQ(audited().given_back, 5);
}

/// One by one from behind, while they expire two at a time from the front.
TEST_P(OrderEventsTest, AnOrderIsPaidOrExpiresAndNeverBoth) {
  const SaleId large = shop.sell(60, 1);
  const LeaseId granted = *shop.leases().grant(large, 60, at(1));
  std::vector<Order> bought;
  for (std::int64_t buyer = 1; buyer <= 60; ++buyer) {
    bought.push_back(held(large, granted, buyer, at(6'000)));
  }
  const auto orders = shop.commit(bought);
  const auto other = shop.storage.open();
  Repositories others{*other};
  std::atomic<std::int64_t> kept{0};
  std::jthread provider([&] {
    for (auto order = orders.rbegin(); order != orders.rend(); ++order) {
      bool pays = false;
      others.order_events().change(order->number, [&](const OrderFacts* facts) {
        pays = facts->order.status == OrderStatus::kHeld;
        const std::string reference = "demo:" + std::to_string(facts->order.number.value);
        return pays ? paid(*facts, reference) : OrderDecision{};
      });
      kept += pays ? 1 : 0;
    }
  });
  std::int64_t expired = 0;
  for (bool more = true; more;) {
    const auto found = events.expire({large, 0}, at(6'000), at(9'000), 2);
    expired += found.expired;
    more = found.more;
  }
  provider.join();
  EXPECT_EQ(expired + kept, 60);
  EXPECT_EQ(shop.catalog().sale(large)->unleased, expired);
  for (const Order& order : orders) EXPECT_EQ(events.of_order(order.number).size(), 1U);
  const auto sales = shop.repositories.audit().audited_sales();
  EXPECT_EQ(sales.back().mispaid, 0);
  EXPECT_EQ(sales.back().kept.payments, kept);
  EXPECT_EQ(sales.back().active, kept);
}

}  // namespace
}  // namespace stampede::repositories::sql
