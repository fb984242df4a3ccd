#include "views/console/live_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "views/test_pages.h"

namespace stampede::views {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct ConsoleLivePagesTest : ::testing::Test {
  ConsoleLivePagesTest() {
    report.heading.sale.id = SaleId{3};
    report.heading.sale.price_cents = 129'900;
    report.heading.sale.starts_at = *parse_rfc3339("2026-11-22T08:24:00Z");
    report.heading.product_name = "Lamp";
    report.units.position.sale.quantity = 1'234'567;
    report.units.position.sale.unleased = 1'000'000;
    report.units.position.sold = 234'567;
    report.made_at = report.heading.sale.starts_at;
  }
  std::string made() const { return pages.report(report); }

  ReportPage report;
  ConsolePages console{testing::asset_url};
  ConsoleLivePages pages{console};
};

TEST_F(ConsoleLivePagesTest, EscapesWhatOthersWrote) {
  report.heading.product_name = testing::kScript;
  report.units.leased_by_node = {{testing::kScript, LeaseState::kOpen, 1, 0}};
  report.answers = {{testing::kScript, 1}};
  testing::expect_escaped({made(), pages.live({.heading = report.heading, .units = report.units})});
}

TEST_F(ConsoleLivePagesTest, NumbersAreInWordsThatPeopleRead) {
  report.attempts = {12'345.4, report.made_at};
  report.sold = {0.25, report.made_at};
  report.answers = {{"sold-out", 2'000'000}, {"sold", 1'000'000}};
  report.p50 = 999;
  report.p95 = 12'345;
  report.p99 = 2'500'000;
  report.sold_out_at = report.heading.sale.starts_at + std::chrono::milliseconds{3'723'400};
  const std::string html = made();
  EXPECT_THAT(html, HasSubstr("<dd>234,567 of 1,234,567</dd>"));
  EXPECT_THAT(html, HasSubstr("<dd>$304,702,533.00</dd>"));
  EXPECT_THAT(html, HasSubstr("<dd>12,345, <time"));
  EXPECT_THAT(html, HasSubstr("<dd>0.2, <time"));
  EXPECT_THAT(html, HasSubstr("<dd>999 µs</dd>"));
  EXPECT_THAT(html, HasSubstr("<dd>12.3 ms</dd>"));
  EXPECT_THAT(html, HasSubstr("<dd>2.50 s</dd>"));
  EXPECT_THAT(html, HasSubstr("<dd>1 h 02 min 03 s</dd>"));
  EXPECT_THAT(html, HasSubstr("66.7 %"));
}

TEST_F(ConsoleLivePagesTest, WhatIsNotKnownIsNotGuessed) {
  const std::string html = made();
  EXPECT_THAT(html, HasSubstr("Nothing of this sale was seen"));
  EXPECT_THAT(html, HasSubstr("<dt>Sold out</dt><dd>no</dd>"));
  EXPECT_THAT(html, HasSubstr("no end is set"));
  EXPECT_THAT(html, HasSubstr("<dt>Half of the buyers waited at most</dt><dd>–</dd>"));
  EXPECT_THAT(html, Not(HasSubstr("Time to sell out")));
  EXPECT_THAT(html, Not(HasSubstr("Answers by kind")));
}

TEST_F(ConsoleLivePagesTest, AServersOwnLeaseHasAName) {
  LivePage live{.heading = report.heading, .units = report.units};
  live.units.leased_by_node = {{"", LeaseState::kOpen, 10, 3}};
  EXPECT_THAT(pages.live(live), HasSubstr("Leased to this server</th><td>selling</td>"
                                          "<td class=\"number\">10</td>"));
}

TEST_F(ConsoleLivePagesTest, TheCurveBeginsWithTheSale) {
  report.units.position.sale.quantity = 10;
  const auto at = [&](int seconds) {
    return report.heading.sale.starts_at + std::chrono::seconds{seconds};
  };
  report.course = {{at(-1), 0}, {at(100), 5}, {at(200), 10}};
  EXPECT_THAT(made(), HasSubstr("points=\"0.0,300.0 500.0,150.0 1000.0,0.0\""));
  EXPECT_THAT(made(), HasSubstr("text-anchor=\"middle\">3 min 20 s</text>"));
}

}  // namespace
}  // namespace stampede::views
