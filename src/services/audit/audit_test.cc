// Each test plants one breach in a small sale that is otherwise in order, and expects
// that the invariant it breaks is named, and no other.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "services/audit/answers_audit.h"
#include "services/audit/sale_audit.h"

namespace stampede::services::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr SaleId kSale{1};
constexpr ProductId kProduct{7};

std::string key_of(std::int64_t buyer) { return fmt::format("key-of-buyer-{:08}", buyer); }

Order order_of(std::int64_t number, std::int64_t buyer) {
  return {.number = OrderNumber{number},
          .sale = kSale,
          .buyer = UserId{buyer},
          .intent = *IdempotencyKey::parse(key_of(buyer)),
          .slot = 1,
          .lease = LeaseId{1},
          .created_at = {}};
}

/// Three units, sold as orders 1 to 3 to buyers 1 to 3; buyer 4 was refused.
class AuditTest : public testing::Test, public repositories::Audit {
 protected:
  AuditTest() {
    audited_.sale.id = kSale;
    audited_.sale.product = kProduct;
    audited_.sale.quantity = 3;
    audited_.product_name = "Fox";
    audited_.leases = {{LeaseId{1}, kSale, 3, 3, LeaseState::kOpen}};
    audited_.active = 3;
    for (std::int64_t buyer : {1, 2, 3}) orders_.push_back(order_of(buyer, buyer));
  }

  std::vector<repositories::AuditedSale> audited_sales() override { return {audited_}; }
  void for_each_order(SaleId sale, const std::function<void(const Order&)>& visit) override {
    for (const Order& order : sale == kSale ? orders_ : orders_of_others_) visit(order);
  }

  void answer(std::int64_t buyer, int status, std::string_view result, std::int64_t order = 0) {
    std::string line =
        fmt::format(R"({{"buyer":{},"product":7,"key":"{}","status":{},"result":"{}")", buyer,
                    key_of(buyer), status, result);
    if (order != 0) line += fmt::format(R"(,"order":{})", order);
    const auto added = answers_.add(line + "}");
    ASSERT_TRUE(added) << added.error();
  }
  void answer_all_in_order() {
    for (std::int64_t buyer : {1, 2, 3}) answer(buyer, 201, "sold", buyer);
    answer(4, 410, "sold-out");
  }

  /// "I1: ...", of everything that is broken.
  std::vector<std::string> breaches(std::int64_t demand = 4) {
    SaleReport report = audit_sale(audited_);
    for (Finding& f : audit_answers(audited_, others_, *this, answers_, demand))
      report.findings.push_back(f);
    std::vector<std::string> broken;
    for (const Finding& f : report.findings) {
      if (f.state != Finding::State::kBroken) continue;
      broken.push_back(fmt::format("{}: {} {}", to_string(f.invariant), f.explanation,
                                   f.offenders.empty() ? "" : f.offenders.front()));
    }
    EXPECT_EQ(report.clean(), broken.empty());
    return broken;
  }

  repositories::AuditedSale audited_;
  std::vector<Order> orders_;
  std::vector<SaleId> others_;  // of the product
  std::vector<Order> orders_of_others_;
  AnswerLog answers_{kSale, kProduct};
};

TEST_F(AuditTest, BooksInOrderAreClean) {
  answer_all_in_order();
  EXPECT_THAT(breaches(), IsEmpty());
  EXPECT_THAT(in_words(audit_sale(audited_)),
              AllOf(HasSubstr("Sale 1: Fox"), HasSubstr("units put on sale"),
                    HasSubstr("balances: 0 unleased + 0 leased, unsold + 3 sold = 3"),
                    HasSubstr("I1 conservation    holds"), Not(HasSubstr("NOT BALANCE"))));
}

TEST_F(AuditTest, ASaleThatRunsIsClean) {
  audited_.sale.quantity = 10;
  audited_.leases = {{LeaseId{1}, kSale, 6, 2, LeaseState::kOpen},
                     {LeaseId{2}, kSale, 2, 0, LeaseState::kFenced},
                     {LeaseId{3}, kSale, 9, 1, LeaseState::kClosed}};
  audited_.sale.unleased = 1;
  answer_all_in_order();
  EXPECT_THAT(breaches(4), IsEmpty());
}

TEST_F(AuditTest, AMissingUnitBreaksI1) {
  audited_.sale.quantity = 4;
  answer_all_in_order();
  EXPECT_THAT(breaches(3),
              ElementsAre(AllOf(HasSubstr("I1"), HasSubstr("4 units were put on sale"))));
  EXPECT_THAT(in_words(audit_sale(audited_)),
              AllOf(HasSubstr("DOES NOT BALANCE: 0 unleased"), HasSubstr("BROKEN in sale 1")));
}

TEST_F(AuditTest, ALeaseChargedForOtherThanItsOrdersBreaksI1) {
  audited_.mischarged_leases = {LeaseId{1}};
  answer_all_in_order();
  EXPECT_THAT(breaches(), ElementsAre(AllOf(HasSubstr("I1"), HasSubstr("lease 1"))));
}

TEST_F(AuditTest, ALiveViewThatMiscountsFailedPurchasesIsSaidAndBreaksNothing) {
  audited_.failed = 2;
  audited_.failed_as_counted = 2;
  EXPECT_THAT(in_words(audit_sale(audited_)), Not(HasSubstr("live view")));
  audited_.failed_as_counted = 1;
  const SaleReport report = audit_sale(audited_);
  EXPECT_EQ(report.position.failed, 2);
  EXPECT_THAT(in_words(report),
              AllOf(HasSubstr("the live view counts 1"), Not(HasSubstr("NOT BALANCE"))));
  answer_all_in_order();
  EXPECT_THAT(breaches(), IsEmpty());
}

TEST_F(AuditTest, ACancelledOrderKeepsItsYesAndItsUnitMayBeUnsold) {
  answer_all_in_order();
  orders_.back().status = OrderStatus::kCancelled;
  orders_.back().reason = FailureReason::kCancelled;
  --audited_.active;
  ++audited_.sale.unleased;
  ++audited_.given_back;
  ++audited_.returned;
  EXPECT_THAT(breaches(3), IsEmpty());
  ++audited_.returned;
  EXPECT_THAT(breaches(3), ElementsAre(AllOf(HasSubstr("I1"), HasSubstr("2 units went back"))));
}

TEST_F(AuditTest, AnOversoldLeaseBreaksI2) {
  audited_.leases = {{LeaseId{1}, kSale, 2, 3, LeaseState::kOpen}};
  audited_.sale.unleased = 1;
  answer_all_in_order();
  EXPECT_THAT(breaches(), ElementsAre(AllOf(HasSubstr("I2"), HasSubstr("lease 1: 3 sold of 2"))));
}

TEST_F(AuditTest, MoreOrdersThanUnitsBreakI2) {
  audited_.sale.quantity = 2;
  audited_.sale.unleased = -1;
  answer_all_in_order();
  EXPECT_THAT(breaches(4),
              ElementsAre(AllOf(HasSubstr("I2"), HasSubstr("-1 units"), HasSubstr("3 of 2")),
                          HasSubstr("I6")));
}

TEST_F(AuditTest, ALostYesBreaksI3) {
  answer_all_in_order();
  answer(5, 201, "sold", 99);
  EXPECT_THAT(breaches(5),
              ElementsAre(AllOf(HasSubstr("I3"), HasSubstr("buyer 5"), HasSubstr("order 99"))));
}

TEST_F(AuditTest, AYesWithAnothersNumberOrAFailedOrderBreaksI3) {
  answer(1, 201, "sold", 2);
  answer(2, 201, "sold", 2);
  answer(3, 201, "sold", 3);
  orders_[2].status = OrderStatus::kFailed;
  EXPECT_THAT(breaches(3), ElementsAre(AllOf(HasSubstr("I3"), HasSubstr("2 yes answers"))));
}

TEST_F(AuditTest, TwoNumbersForOneWantBreakI3) {
  answer_all_in_order();
  answer(1, 200, "sold", 2);
  EXPECT_THAT(breaches(),
              ElementsAre(AllOf(HasSubstr("I3"), HasSubstr("order 1 and then order 2"))));
}

TEST_F(AuditTest, AnOrderNobodyAttemptedBreaksI4) {
  answer(1, 201, "sold", 1);
  answer(2, 201, "sold", 2);
  answer(4, 410, "sold-out");
  EXPECT_THAT(breaches(3), ElementsAre(AllOf(HasSubstr("I4"), HasSubstr(key_of(3)))));
}

TEST_F(AuditTest, AnOrderWhoseBuyerWasToldNoBreaksI4) {
  const std::pair<int, const char*> noes[] = {{403, "blacklisted"},   {404, "unknown-product"},
                                              {409, "limit-reached"}, {409, "purchase-failed"},
                                              {410, "sold-out"},      {410, "sale-ended"}};
  for (const auto& [status, result] : noes) {
    answers_ = AnswerLog{kSale, kProduct};
    answer(1, 201, "sold", 1);
    answer(2, 201, "sold", 2);
    answer(3, status, result);
    answer(3, 429, "busy");  // decides nothing: the no stands
    EXPECT_THAT(breaches(3), ElementsAre(AllOf(HasSubstr("I4"), HasSubstr("was last told no"))))
        << result;
  }
}

TEST_F(AuditTest, AForgottenKeyWasNotToldNo) {
  answer(1, 201, "sold", 1);
  answer(2, 201, "sold", 2);
  answer(3, 410, "key-forgotten");
  EXPECT_THAT(breaches(3), IsEmpty());
}

TEST_F(AuditTest, WhatFollowsANoCanVoidIt) {
  const std::pair<int, const char*> voids[] = {{0, "lost"}, {502, "no-json"}, {202, "pending"}};
  for (const auto& [status, result] : voids) {
    answers_ = AnswerLog{kSale, kProduct};
    answer(1, 201, "sold", 1);
    answer(2, 201, "sold", 2);
    answer(3, 403, "blacklisted");
    answer(3, status, result);
    answer(3, 503, "unavailable");
    EXPECT_THAT(breaches(3), IsEmpty()) << result;
  }
}

TEST_F(AuditTest, ANoIsNotFinalWhileAnEarlierRequestIsUnanswered) {
  const std::pair<int, const char*> unanswered[] = {{0, "lost"}, {502, "no-json"}};
  for (const auto& [status, result] : unanswered) {
    answers_ = AnswerLog{kSale, kProduct};
    answer(1, 201, "sold", 1);
    answer(2, 201, "sold", 2);
    answer(3, status, result);
    answer(3, 410, "sold-out");
    EXPECT_THAT(breaches(3), IsEmpty()) << result;
  }
}

TEST_F(AuditTest, RefusalsThatDecideNothingAreNoPhantoms) {
  const std::pair<int, const char*> refusals[] = {
      {429, "too-soon"},         {429, "busy"},       {503, "unavailable"}, {401, "login-required"},
      {403, "captcha-required"}, {403, "not-started"}};
  for (const auto& [status, result] : refusals) {
    answers_ = AnswerLog{kSale, kProduct};
    answer(1, 201, "sold", 1);
    answer(2, 201, "sold", 2);
    answer(3, status, result);
    EXPECT_THAT(breaches(3), IsEmpty()) << result;
  }
}

TEST_F(AuditTest, ABuyerAboveTheLimitBreaksI5) {
  answer_all_in_order();
  audited_.buyers_over_limit = 1;
  EXPECT_THAT(breaches(),
              ElementsAre(AllOf(HasSubstr("I5"), HasSubstr("1 buyers hold more than 1"))));
  audited_.buyers_over_limit = 0;
  audited_.doubled_intents = 2;
  EXPECT_THAT(breaches(), ElementsAre(AllOf(HasSubstr("I5"), HasSubstr("2 keys"))));
}

TEST_F(AuditTest, UnsoldUnitsThatWereWantedBreakI6) {
  audited_.sale.quantity = 4;
  audited_.sale.unleased = 1;
  answer_all_in_order();
  EXPECT_THAT(breaches(4), ElementsAre(AllOf(HasSubstr("I6"), HasSubstr("3 of 4 units are sold"))));
  EXPECT_THAT(breaches(3), IsEmpty()) << "less demand than units";
}

TEST_F(AuditTest, UnitsThatWereAddedAfterBuyersWereToldSoldOutBreakNothing) {
  audited_.sale.quantity = 5;
  audited_.sale.unleased = 2;
  audited_.added_while_on = 2;
  answer_all_in_order();
  EXPECT_THAT(breaches(5), IsEmpty());
  answer(5, 410, "sold-out");
  const Finding found = audit_answers(audited_, others_, *this, answers_, 5).back();
  EXPECT_EQ(found.state, Finding::State::kOpen);
  EXPECT_THAT(found.explanation, HasSubstr("2 were added, or came back, while the sale was on"));
  audited_.added_while_on = 1;  // one of the units that were there from the start was not sold
  EXPECT_THAT(breaches(5), ElementsAre(AllOf(HasSubstr("I6"), HasSubstr("3 of 5 units are sold"))));
}

TEST_F(AuditTest, UndersellCannotBeToldWhileAnIntentIsOpen) {
  audited_.sale.quantity = 4;
  audited_.sale.unleased = 1;
  answer_all_in_order();
  const auto undersell = [&](std::int64_t demand) {
    return audit_answers(audited_, others_, *this, answers_, demand).back();
  };
  EXPECT_EQ(undersell(5).state, Finding::State::kOpen) << "an intent without any answer";
  answer(5, 0, "lost");
  EXPECT_EQ(undersell(5).state, Finding::State::kOpen);
  EXPECT_THAT(undersell(5).explanation, HasSubstr("1 of 5 intents"));
  answer(5, 410, "sold-out");
  EXPECT_EQ(undersell(5).state, Finding::State::kBroken);
}

TEST_F(AuditTest, AKeyThatIsAnOrderOfAnotherSaleWasToldThatOrder) {
  answer_all_in_order();
  answer(9, 200, "sold", 9);
  EXPECT_THAT(breaches(5), ElementsAre(HasSubstr("I3")));
  others_ = {SaleId{2}};
  EXPECT_THAT(breaches(5), ElementsAre(HasSubstr("I3"))) << "it is not there either";
  orders_of_others_ = {order_of(9, 10)};
  EXPECT_THAT(breaches(5), ElementsAre(HasSubstr("I3"))) << "of another buyer";
  orders_of_others_ = {order_of(9, 9)};
  orders_of_others_.front().status = OrderStatus::kFailed;
  EXPECT_THAT(breaches(5), ElementsAre(HasSubstr("I3"))) << "it failed";
  orders_of_others_.front().status = OrderStatus::kSuccess;
  EXPECT_THAT(breaches(5), IsEmpty());
}

TEST_F(AuditTest, LinesOfOtherSalesAreLeftOut) {
  for (
      const char* line :
      {R"({"buyer":1,"product":8,"key":"key-of-buyer-00000001","status":201,"result":"sold","order":9})",
       R"({"buyer":1,"product":7,"sale":2,"key":"key-of-buyer-00000001","status":410,"result":"sold-out"})"}) {
    EXPECT_TRUE(answers_.add(line));
  }
  EXPECT_TRUE(answers_.outcomes().empty());
  EXPECT_TRUE(answers_.add(
      R"({"buyer":1,"key":"key-of-buyer-00000001","status":0,"result":"lost","at":"now"})"));
  EXPECT_EQ(answers_.outcomes().size(), 1u);
}

TEST_F(AuditTest, OnlyTheFirstTenOffendersAreListed) {
  orders_.clear();
  for (std::int64_t number = 1; number <= 25; ++number) orders_.push_back(order_of(number, number));
  const auto findings = audit_answers(audited_, others_, *this, answers_, 0);
  EXPECT_THAT(findings[1].explanation, HasSubstr("25 orders"));
  EXPECT_EQ(findings[1].offenders.size(), 10u);
}

TEST_F(AuditTest, MalformedLinesSayWhatWasExpected) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "JSON object"},
      {"[]", "JSON object"},
      {R"({"buyer":1,"product":7,"key":"key-of-bu)", "JSON object"},
      {"{\"buyer\":1,\"result\":\"\xff\"}", "JSON object"},
      {R"({"buyer":0,"product":7,"key":"0123456789abcdef","status":429,"result":"busy"})",
       "\"buyer\""},
      {R"({"buyer":"1","product":7,"key":"0123456789abcdef","status":429,"result":"busy"})",
       "\"buyer\""},
      {R"({"buyer":1,"key":"0123456789abcdef","status":429,"result":"busy"})", "\"product\""},
      {R"({"buyer":1,"product":7,"key":"short","status":429,"result":"busy"})",
       "16 to 64 characters"},
      {R"({"buyer":1,"product":7,"key":"0123456789abcdef","result":"busy"})", "\"status\""},
      {R"({"buyer":1,"product":7,"key":"0123456789abcdef","status":429})", "\"result\""},
      {R"({"buyer":1,"product":7,"key":"0123456789abcdef","status":201,"result":"sold"})",
       "\"order\""},
      {R"({"buyer":1,"product":7,"key":"0123456789abcdef","status":410,"result":"sold","order":1})",
       "\"sold\" or \"held\" with status 201"},
      {R"({"buyer":1,"product":7,"key":"0123456789abcdef","status":201,"result":"busy"})",
       "\"sold\" or \"held\" with status 201"},
      {R"({"buyer":1,"product":7,"key":"0123456789abcdef","status":202,"result":"busy"})",
       "\"pending\""},
      {R"({"buyer":1,"product":7,"key":"0123456789abcdef","status":429,"result":"lost"})",
       "\"lost\""},
  };
  for (const auto& [line, expected] : rows) {
    const auto added = answers_.add(line);
    ASSERT_FALSE(added) << line;
    EXPECT_THAT(added.error(), HasSubstr(expected)) << line;
  }
  const std::string deep(100'000, '[');
  EXPECT_FALSE(answers_.add(deep));
  EXPECT_TRUE(answers_.outcomes().empty());
}

TEST_F(AuditTest, JsonSaysTheSame) {
  audited_.buyers_over_limit = 1;
  const SaleReport report = audit_sale(audited_);
  const auto json = boost::json::parse(as_json({&report, 1})).as_object();
  EXPECT_FALSE(json.at("clean").as_bool());
  const auto& sale = json.at("sales").as_array().at(0).as_object();
  EXPECT_EQ(sale.at("sale").as_int64(), 1);
  EXPECT_EQ(sale.at("quantity").as_int64(), 3);
  EXPECT_EQ(sale.at("active").as_int64(), 3);
  const auto& finding = sale.at("invariants").as_array().at(2).as_object();
  EXPECT_EQ(finding.at("invariant").as_string(), "I5");
  EXPECT_EQ(finding.at("state").as_string(), "broken");
}

}  // namespace
}  // namespace stampede::services::audit
