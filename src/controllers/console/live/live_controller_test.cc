#include "controllers/console/live/live_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "controllers/console/live/live_json.h"
#include "http/server/test_connection.h"
#include "http/server/test_server.h"
#include "tests/support/fakes/fake_units.h"
#include "tests/support/metric.h"
#include "tests/support/test_ring.h"

namespace stampede::controllers {
namespace {

namespace json = boost::json;
using http::testing::body_of;
using http::testing::eventually;
using http::testing::get;
using http::testing::RawConnection;
using http::testing::status_of;
using services::accounts::Sessions;
using test_support::metric_of;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr SaleId kSale{3};
constexpr UserId kOperator{1};
constexpr const char* kEvents = "/sales/3/live/events";

/// The console over real connections; the test ticks when it wants to.
class LiveControllerTest : public testing::Test {
 protected:
  LiveControllerTest() {
    shop_.add(kSale, now_.wall - std::chrono::minutes{1});
    shop_.hold(kSale, {{"a", LeaseState::kOpen, 4, 1}, {"b", LeaseState::kFenced, 3, 0}});
    sale().sale.unleased = 3;
    sale().sold = 1;
    sale().failed = 2;
    live_.add_routes(server_.router);
    server_.server->start();
  }

  repositories::PositionByHolder& sale() { return shop_.of_sale.at(kSale); }
  std::string cookie(UserId user = kOperator) {
    return "Cookie: operator=" + sessions_.issue_at_console(user, UserRole::kViewer, 0, now_.wall) +
           "\r\n";
  }
  std::string ask(const char* target, const std::string& headers) {
    return RawConnection(server_.port()).ask(get(target, headers));
  }
  RawConnection follow(UserId user = kOperator, const char* target = kEvents) {
    RawConnection connection(server_.port());
    connection.send(get(target, cookie(user)));
    return connection;
  }
  void tick(std::chrono::milliseconds later = std::chrono::seconds{1}) {
    now_.wall += later;
    now_.tick += later;
    live_.send_samples();
  }
  /// The data of the next event of that name.
  static json::object next(RawConnection& viewer, const std::string& name) {
    const std::string mark = "event: " + name + "\ndata: ";
    if (viewer.until(mark).empty()) throw std::runtime_error("no event " + name);
    return json::parse(viewer.until("\n\n")).as_object();
  }

  Now now_{*parse_rfc3339("2026-11-22T08:24:00Z"), Tick{}};
  Clock clock_ = [this] { return now_; };
  test::TestRing ring_;
  Sessions sessions_{ring_.ring()};
  FormTokens forms_{ring_.ring()};
  OriginRule origin_{std::nullopt};
  views::ConsolePages console_pages_{[](std::string_view path) { return std::string(path); }};
  views::ConsoleLivePages pages_{console_pages_};
  concurrency::WorkerPool pool_{{.name = "console", .threads = 1, .queue = 16}};
  OperatorGuard guard_{{sessions_, forms_, origin_, console_pages_, pool_}, clock_};
  test_support::FakeUnits shop_;
  services::live::Totals totals_{.sources = {{"", counts(0)}}, .queue_depth = 5};
  services::live::SaleSampler sampler_{{shop_, shop_, [this] { return totals_; }}};
  LiveController live_{{guard_, sampler_, [](ProductId) { return std::string{"<b>Lamp</b>"}; },
                        console_pages_, pages_},
                       clock_,
                       {.in_all = 3, .per_buyer = 2}};
  http::testing::TestServer server_;

  double viewers() const { return metric_of(live_, "stampede_console_live_streams"); }
  static CheckCounts counts(std::int64_t sold_out) {
    CheckCounts counts;
    counts.answers[static_cast<std::size_t>(Verdict::kSoldOut)] = sold_out;
    counts.waits[10] = sold_out;  // 513 to 1024 us
    return counts;
  }
};

TEST_F(LiveControllerTest, AViewerGetsTheHistoryAndThenEachSecond) {
  tick();
  totals_.sources[0].counts = counts(40);
  tick();
  auto viewer = follow();
  const std::string head = viewer.until("\r\n\r\n");
  EXPECT_EQ(status_of(head), 200);
  EXPECT_THAT(head, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(head, HasSubstr("Cache-Control: no-store\r\n"));
  EXPECT_THAT(viewer.until("\n\n"), ContainsRegex("retry: [12][0-9]{3}\n\n$"));

  totals_.sources[0].counts = counts(70);
  tick();
  const json::object history = next(viewer, "history");
  EXPECT_EQ(history.at("attempts"), (json::array{0, 40, 30}));
  EXPECT_EQ(history.at("answers").at("sold-out"), (json::array{0, 40, 30}));
  EXPECT_EQ(history.at("sold"), (json::array{1, 1, 1}));
  EXPECT_EQ(history.at("p50"), (json::array{nullptr, 768, 768}));
  const json::object sample = next(viewer, "sample");
  EXPECT_EQ(sample.at("at"), "2026-11-22T08:24:03.000Z");
  EXPECT_EQ(sample.at("attempts"), 30);
  EXPECT_EQ(sample.at("answers"), (json::object{{"sold-out", 30}}));
  EXPECT_EQ(sample.at("queue"), 5);
  EXPECT_EQ(sample.at("units").at("unleased"), 3);
  EXPECT_EQ(sample.at("sales_watched"), 1);

  totals_.queue_depth.reset();
  tick();
  const json::object quiet = next(viewer, "sample");
  EXPECT_EQ(quiet.at("attempts"), 0);
  EXPECT_TRUE(quiet.at("queue").is_null());
  EXPECT_TRUE(quiet.at("p99").is_null());
}

TEST_F(LiveControllerTest, ManyViewersSeeTheSame) {
  auto one = follow(UserId{1});
  auto other = follow(UserId{2});
  one.until("\n\n");
  other.until("\n\n");
  tick();
  EXPECT_EQ(next(one, "sample"), next(other, "sample"));
  EXPECT_EQ(viewers(), 2);
}

TEST_F(LiveControllerTest, TheStreamEndsWithTheSession) {
  auto revoked = follow(UserId{1});
  auto other = follow(UserId{2});
  revoked.until("\n\n");
  other.until("\n\n");
  tick();
  next(revoked, "sample");
  next(other, "sample");
  sessions_.revoke_below(UserId{1}, 1, now_.wall);
  shop_.broken = true;  // whatever the database says
  EXPECT_THROW(tick(), std::runtime_error);
  EXPECT_THAT(revoked.until("0\r\n\r\n"), Not(HasSubstr("event:")));
  EXPECT_TRUE(revoked.closed());
  shop_.broken = false;
  tick();
  next(other, "sample");
  now_.wall += Sessions::kLifetime;
  tick();
  EXPECT_NE(other.until("0\r\n\r\n"), "");
  EXPECT_EQ(viewers(), 0);
}

TEST_F(LiveControllerTest, TheStreamEndsAMinuteAfterTheSale) {
  sale().sale.ends_at = now_.wall + std::chrono::seconds{1};
  auto viewer = follow();
  viewer.until("\n\n");
  tick();
  next(viewer, "sample");
  tick(std::chrono::seconds{59});
  next(viewer, "sample");
  tick();
  EXPECT_THAT(viewer.until("0\r\n\r\n"), HasSubstr("event: over\n"));
  auto late = follow();
  late.until("\n\n");
  tick();
  EXPECT_THAT(late.until("0\r\n\r\n"), HasSubstr("event: over\n"));
}

TEST_F(LiveControllerTest, ASaleThatHasYetToBeginIsWaitedFor) {
  sale().sale.starts_at = now_.wall + std::chrono::seconds{20};
  auto viewer = follow();
  viewer.until("\n\n");
  tick();
  tick(EventStream::kKeepAlive);
  EXPECT_THAT(viewer.until("alive\n\n"), Not(HasSubstr("event:")));
  tick(std::chrono::seconds{4});
  next(viewer, "history");
  EXPECT_EQ(next(viewer, "sample").at("at"), "2026-11-22T08:24:20.000Z");
}

TEST_F(LiveControllerTest, ADatabaseThatIsAwayLeavesTheStreamsOpen) {
  auto viewer = follow();
  viewer.until("\n\n");
  tick();
  next(viewer, "sample");
  shop_.broken = true;
  EXPECT_THROW(tick(EventStream::kKeepAlive), std::runtime_error);
  EXPECT_THAT(viewer.until("alive\n\n"), HasSubstr(": keep-alive"));
  shop_.broken = false;
  shop_.full = true;  // what cannot be stored is shown all the same
  sale().failed = 3;
  EXPECT_THROW(tick(), std::runtime_error);
  EXPECT_EQ(next(viewer, "sample").at("units").at("failed"), 3);
}

TEST_F(LiveControllerTest, ViewersAreLimitedInAllAndForEachOperator) {
  std::vector<RawConnection> open;
  const auto admit = [&](UserId user) {
    open.push_back(follow(user));
    open.back().until("\n\n");
  };
  admit(UserId{1});
  admit(UserId{1});
  EXPECT_EQ(status_of(follow(UserId{1}).response()), 503);
  admit(UserId{2});
  EXPECT_EQ(status_of(follow(UserId{3}).response()), 503);
  open.clear();
  EXPECT_TRUE(eventually([&] {
    tick();
    return viewers() == 0;
  }));
}

TEST_F(LiveControllerTest, AStrangerLearnsNothing) {
  for (const char* target :
       {kEvents, "/sales/3/live", "/sales/3/report", "/sales/3/units", "/sales/99/live"}) {
    const std::string shop_cookie =
        "Cookie: operator=" + sessions_.issue(kOperator, 0, now_.wall) + "\r\n";
    for (const std::string& headers : {std::string{}, shop_cookie}) {
      EXPECT_EQ(status_of(ask(target, headers)), 401) << target;
    }
  }
  const std::string page = ask("/sales/3/live", "Accept: text/html\r\n");
  EXPECT_EQ(status_of(page), 303);
  EXPECT_THAT(page, HasSubstr("Location: /login?next=/sales/3/live\r\n"));
}

TEST_F(LiveControllerTest, UnitsAreToldWhereTheyAre) {
  const std::string response = ask("/sales/3/units", cookie());
  EXPECT_EQ(status_of(response), 200);
  EXPECT_THAT(response, HasSubstr("Cache-Control: no-store\r\n"));
  EXPECT_EQ(json::parse(body_of(response)), json::parse(R"({"sale":3,"quantity":10,"unleased":3,
    "leased":[{"validator":"a","state":"open","granted":4,"sold":1,"unsold":3},
              {"validator":"b","state":"fenced","granted":3,"sold":0,"unsold":3}],
    "leased_unsold":6,"sold":1,"failed":2,"balanced":true})"));
  EXPECT_EQ(status_of(ask("/sales/99/units", cookie())), 404);
  EXPECT_EQ(status_of(ask("/sales/x/units", cookie())), 404);
}

TEST_F(LiveControllerTest, ThePageShowsTheUnitsAndThatTheySumUp) {
  std::string page = ask("/sales/3/live", cookie());
  EXPECT_EQ(status_of(page), 200);
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy: "));
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;Lamp&lt;/b&gt;"));
  EXPECT_THAT(page, HasSubstr("data-events=\"/sales/3/live/events\""));
  EXPECT_THAT(page, HasSubstr("Leased to b</th><td>closing"));
  EXPECT_THAT(page, HasSubstr("3 unleased + 6 leased and unsold + 1 sold = 10, of 10 put on sale. "
                              "Every unit is in one place."));
  EXPECT_THAT(page, Not(HasSubstr("style=")));
  sale().sold = 2;
  page = ask("/sales/3/live", cookie());
  EXPECT_THAT(page, HasSubstr("= 11, of 10 put on sale. These do not sum up"));
  EXPECT_THAT(page, HasSubstr("data-tone=\"error\""));
  EXPECT_EQ(status_of(ask("/sales/99/live", cookie())), 404);
}

TEST_F(LiveControllerTest, TheReportTellsHowItWent) {
  tick();
  totals_.sources[0].counts = counts(40);
  shop_.hold(kSale, {});
  sale().sold = 10;
  sale().failed = 1;
  sale().sale.unleased = 0;
  sale().sale.price_cents = 1'000;
  tick();
  const std::string page = ask("/sales/3/report", cookie());
  EXPECT_EQ(status_of(page), 200);
  EXPECT_THAT(page, HasSubstr("<dt>Sold</dt><dd>10 of 10</dd>"));
  EXPECT_THAT(page, HasSubstr("<dt>Sold for</dt><dd>$100.00</dd>"));
  EXPECT_THAT(page, HasSubstr("<dt>Time to sell out</dt><dd>1 min 02 s</dd>"));
  EXPECT_THAT(page, HasSubstr("<dt>Most attempts in a second</dt><dd>40, "));
  EXPECT_THAT(page, HasSubstr("<dt>Most units sold in a second</dt><dd>9.0, "));
  EXPECT_THAT(page, HasSubstr("<tr><th scope=\"row\">sold-out</th><td class=\"number\">40</td>"
                              "<td class=\"number\">100.0 %</td></tr>"));
  EXPECT_THAT(page, HasSubstr("<dt>Half of the buyers waited at most</dt><dd>768 µs</dd>"));
  EXPECT_THAT(page, HasSubstr("<polyline class=\"line\" points=\"983.9,270.0 1000.0,0.0\"/>"));
  EXPECT_EQ(status_of(ask("/sales/99/report", cookie())), 404);
}

TEST_F(LiveControllerTest, TheReportOfASaleThatNobodyWatchedSaysSo) {
  const std::string page = ask("/sales/3/report", cookie());
  EXPECT_EQ(status_of(page), 200);
  EXPECT_THAT(page, HasSubstr("Nothing of this sale was seen"));
  EXPECT_THAT(page, Not(HasSubstr("<polyline")));
}

TEST(HistoryJson, IsShortenedWithoutLosingACount) {
  std::vector<services::live::Sample> samples(600);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i].at = Instant{std::chrono::seconds{1'000'000'000 + i}};
    for (auto& answer : samples[i].counted.answers) answer = 1'000'000;
  }
  EXPECT_GT(history_json(samples, 1'000'000).size(), LiveController::kMostHistoryBytes);
  const std::string text = history_json(samples, LiveController::kMostHistoryBytes);
  EXPECT_LE(text.size(), LiveController::kMostHistoryBytes);
  const json::value history = json::parse(text);
  std::int64_t attempts = 0;
  for (const auto& count : history.at("attempts").as_array()) attempts += count.as_int64();
  EXPECT_EQ(attempts, 600 * 1'000'000LL * static_cast<std::int64_t>(CheckCounts::kKinds));
  EXPECT_EQ(history_json({}, 1'000).substr(0, 7), R"({"at":[)");
}

}  // namespace
}  // namespace stampede::controllers
