#include "services/orders/order_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fakes/fake_order_search.h"

namespace stampede::services::orders {
namespace {

using repositories::OrderFilter;
using testing::ElementsAre;
using testing::StartsWith;

TEST(OrderQuery, WhatIsEmptyDoesNotCount) {
  EXPECT_EQ(parse({}), OrderFilter{});
  EXPECT_EQ(parse({.number = " ", .status = "\t", .from = "\r\n"}), OrderFilter{});
}

TEST(OrderQuery, ReadsEveryField) {
  EXPECT_EQ(parse({.number = " 77 ",
                   .sale = "3",
                   .buyer = "9223372036854775807",
                   .status = "failed",
                   .from = "2026-11-22",
                   .to = "2026-11-22T08:24"}),
            (OrderFilter{.number = {77},
                         .sale = {3},
                         .buyer = {9'223'372'036'854'775'807},
                         .status = OrderStatus::kFailed,
                         .from = parse_rfc3339("2026-11-22T00:00:00Z"),
                         .to = parse_rfc3339("2026-11-22T08:24:00Z")}));
  for (const OrderStatus status : kOrderStatuses) {
    EXPECT_EQ(parse({.status = std::string(to_string(status))})->status, status);
  }
}

TEST(OrderQuery, TakesTimesAsFormsAndProgramsWriteThem) {
  const auto instant = parse_rfc3339("2026-11-22T08:24:00Z");
  for (const char* text : {"2026-11-22T08:24", "2026-11-22T08:24:00", "2026-11-22 08:24",
                           "2026-11-22T08:24:00Z", "2026-11-22T09:24:00+01:00"}) {
    const auto filter = parse({.from = text});
    ASSERT_TRUE(filter) << text;
    EXPECT_EQ(filter->from, instant) << text;
  }
}

TEST(OrderQuery, SaysWhatIsWrongWithEachField) {
  for (const char* number : {"0", "-1", "1x", "x", "1.5", "9223372036854775808", "1 2"}) {
    const auto filter = parse({.number = number});
    ASSERT_FALSE(filter) << number;
    EXPECT_THAT(filter.error(), ElementsAre("Order number: expected a whole number from 1."));
  }
  const auto filter = parse({.number = "x",
                             .sale = "x",
                             .buyer = "x",
                             .status = "sold",
                             .from = "2026-02-30",
                             .to = "tomorrow"});
  ASSERT_FALSE(filter);
  EXPECT_THAT(filter.error(),
              ElementsAre(StartsWith("Order number: "), StartsWith("Sale: "), StartsWith("Buyer: "),
                          StartsWith("Status: "), StartsWith("Ordered from: "),
                          StartsWith("Ordered before: ")));
}

TEST(OrderQuery, ASpanOfTimeMustHoldSome) {
  EXPECT_TRUE(parse({.from = "2026-11-22", .to = "2026-11-23"}));
  for (const char* to : {"2026-11-22", "2026-11-21"}) {
    const auto filter = parse({.from = "2026-11-22", .to = to});
    ASSERT_FALSE(filter);
    EXPECT_THAT(filter.error(), ElementsAre(StartsWith("Ordered before: expected a time after")));
  }
}

TEST(OrderArchive, FindsAnybodysOrderByItsNumber) {
  test_support::FakeOrderSearch search;
  search.add(10, UserId{1});
  search.add(11, UserId{2}, FailureReason::kNoUnit);
  OrderArchive archive(search);
  const auto found = archive.find(OrderNumber{11});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->line.order.buyer, UserId{2});
  EXPECT_FALSE(archive.find(OrderNumber{12}));
}

}  // namespace
}  // namespace stampede::services::orders
