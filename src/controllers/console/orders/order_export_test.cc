#include "controllers/console/orders/order_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <stdexcept>
#include <thread>

#include "controllers/console/test_console.h"
#include "http/server/test_connection.h"
#include "http/server/test_server.h"
#include "tests/support/fakes/fake_order_search.h"
#include "tests/support/metric.h"

namespace stampede::controllers {
namespace {

using http::testing::eventually;
using http::testing::RawConnection;
using http::testing::status_of;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr const char* kHeading =
    "order,created_at,status,reason,sale,product,product_name,price_cents,price,buyer,buyer_"
    "name\r\n";

/// What chunks (RFC 9112, 7.1) hold; nullopt if the last one is missing.
std::optional<std::string> unchunked(std::string_view chunks) {
  std::string body;
  for (;;) {
    const auto end = chunks.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const auto size = std::stoul(std::string(chunks.substr(0, end)), nullptr, 16);
    if (size == 0) return body;
    if (chunks.size() < end + 2 + size) return std::nullopt;
    body += chunks.substr(end + 2, size);
    chunks.remove_prefix(end + 4 + size);
  }
}

/// Exports over real connections.
class OrderExportTest : public testing::Test {
 protected:
  OrderExportTest() {
    export_.add_routes(server_.router, console_.guard);
    server_.server->start();
  }
  ~OrderExportTest() override {
    server_.server->drain();
    export_.stop();
  }

  void fill(std::int64_t orders) {
    for (std::int64_t number = 1; number <= orders; ++number) search_.add(number, UserId{1});
  }
  RawConnection ask(const std::string& target = "/orders.csv", int receive_buffer = 0) {
    RawConnection connection(server_.port(), receive_buffer);
    connection.send(
        http::testing::get(target, "Cookie: operator=" + console_.cookie(console_.olga) + "\r\n"));
    return connection;
  }
  /// Waits until no thread is at work any more: what it did can be seen then.
  bool finished() {
    return eventually(
        [&] { return test_support::metric_of(export_, "stampede_console_exports") == 0; });
  }
  /// The whole file; nullopt if the connection was cut.
  static std::optional<std::string> file(RawConnection& connection) {
    connection.until("\r\n\r\n");
    return unchunked(connection.until("\r\n0\r\n\r\n"));
  }

  TestConsole console_;
  test_support::FakeOrderSearch search_;
  services::orders::OrderArchive archive_{search_};
  OrderExport export_{{archive_, console_.pages}, [this] { return console_.now; }};
  http::testing::TestServer server_;
};

TEST_F(OrderExportTest, IsAFileOfEveryOrderThatTheFilterFinds) {
  search_.add(10, UserId{1});
  auto& odd = search_.add(11, UserId{2}, FailureReason::kTooLate);
  odd.line.product_name = "=cmd|'/c calc'!A1";
  odd.line.price_cents = 5;
  odd.buyer_name = "a \"b\", c";
  auto connection = ask();
  const std::string head = connection.until("\r\n\r\n");
  EXPECT_EQ(status_of(head), 200);
  EXPECT_THAT(head, HasSubstr("Content-Type: text/csv; charset=utf-8; header=present\r\n"));
  EXPECT_THAT(head, HasSubstr("Content-Disposition: attachment; "
                              "filename=\"orders-2026-11-22T082400Z.csv\"\r\n"));
  EXPECT_THAT(head, HasSubstr("Cache-Control: no-store\r\n"));
  EXPECT_THAT(head, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_EQ(unchunked(connection.until("\r\n0\r\n\r\n")),
            std::string(kHeading) +
                "11,2026-11-22T08:24:00.000Z,failed,too-late,3,7,\"'=cmd|'/c calc'!A1\",5,0.05,2,"
                "\"a \"\"b\"\", c\"\r\n"
                "10,2026-11-22T08:24:00.000Z,success,,3,7,\"Lamp\",1999,19.99,1,\"alice\"\r\n");

  auto filtered = ask("/orders.csv?status=success");
  EXPECT_THAT(file(filtered).value_or(""), Not(HasSubstr("\r\n11,")));
  auto bad = ask("/orders.csv?status=odd");
  EXPECT_EQ(status_of(bad.response()), 400);
}

TEST_F(OrderExportTest, ALongOneHasEveryOrderOnce) {
  constexpr std::int64_t kOrders = 2 * OrderExport::kOrdersPerPage + 500;
  fill(kOrders);
  auto connection = ask();
  const auto csv = file(connection);
  ASSERT_TRUE(csv);
  std::string_view lines = *csv;
  lines.remove_prefix(std::string_view(kHeading).size());
  for (std::int64_t number = kOrders; number >= 1; --number) {
    ASSERT_TRUE(lines.starts_with(std::to_string(number) + ",")) << number;
    lines.remove_prefix(lines.find("\r\n") + 2);
  }
  EXPECT_EQ(lines, "");
  EXPECT_TRUE(finished());
  EXPECT_EQ(search_.asked.size(), 3U);
}

TEST_F(OrderExportTest, WithoutASessionThereIsNone) {
  RawConnection connection(server_.port());
  EXPECT_EQ(status_of(connection.ask(http::testing::get("/orders.csv"))), 401);
  EXPECT_TRUE(search_.asked.empty());
}

TEST_F(OrderExportTest, AnErrorBeforeTheFirstLineIsAnAnswer) {
  search_.before_each = [](std::size_t) { throw std::runtime_error("disk gone"); };
  auto connection = ask();
  const std::string response = connection.response();
  EXPECT_EQ(status_of(response), 503);
  EXPECT_THAT(response, Not(HasSubstr("disk gone")));
}

TEST_F(OrderExportTest, AnErrorInTheMiddleCutsTheConnection) {
  fill(3 * OrderExport::kOrdersPerPage);
  search_.before_each = [](std::size_t call) {
    if (call == 3) throw std::runtime_error("disk gone");
  };
  auto connection = ask();
  EXPECT_EQ(file(connection), std::nullopt);
  EXPECT_TRUE(finished());
  EXPECT_EQ(search_.asked.size(), 3U);
}

TEST_F(OrderExportTest, EndsWithTheOperatorsSession) {
  fill(3 * OrderExport::kOrdersPerPage);
  search_.before_each = [this](std::size_t call) {
    if (call == 2) console_.sessions.revoke_below(console_.olga, 1, console_.now.wall);
  };
  auto connection = ask();
  EXPECT_EQ(file(connection), std::nullopt);
  EXPECT_TRUE(finished());
  EXPECT_EQ(search_.asked.size(), 2U);
}

TEST_F(OrderExportTest, TwoAreTheMost) {
  fill(1);
  std::promise<void> release;
  search_.before_each = [released = release.get_future().share()](std::size_t) { released.wait(); };
  auto first = ask();
  ASSERT_TRUE(eventually([&] { return server_.server->statistics().requests == 1; }));
  auto second = ask();
  ASSERT_TRUE(eventually([&] { return server_.server->statistics().requests == 2; }));
  auto third = ask();
  const std::string refused = third.response();
  EXPECT_EQ(status_of(refused), 503);
  EXPECT_THAT(refused, HasSubstr("Retry-After: 10\r\n"));
  EXPECT_THAT(refused, HasSubstr("#busy\""));
  release.set_value();
  EXPECT_TRUE(file(first));
  EXPECT_TRUE(file(second));
  EXPECT_TRUE(finished());
  auto next = ask();
  EXPECT_TRUE(file(next));
}

TEST_F(OrderExportTest, AReaderThatGoesAwayGivesItsPlaceBack) {
  fill(20 * OrderExport::kOrdersPerPage);
  for (unsigned i = 0; i < 2 * OrderExport::kAtOnce; ++i) {
    {
      auto connection = ask("/orders.csv", 4096);
      EXPECT_EQ(status_of(connection.until("\r\n\r\n")), 200);
    }
    EXPECT_TRUE(finished());
  }
}

TEST_F(OrderExportTest, DrainCutsIt) {
  fill(20 * OrderExport::kOrdersPerPage);
  auto connection = ask("/orders.csv", 4096);
  EXPECT_EQ(status_of(connection.until("\r\n\r\n")), 200);
  std::jthread reading([&] { EXPECT_EQ(connection.until("\r\n0\r\n\r\n"), ""); });
  server_.server->drain();
  export_.stop();
}

TEST_F(OrderExportTest, DrainEndsASearchThatFindsNothing) {
  fill(1);
  search_.most_examined = 0;  // it never gets to the end
  std::promise<void> searching;
  search_.before_each = [&](std::size_t call) {
    if (call == 3) searching.set_value();
  };
  auto connection = ask("/orders.csv?buyer=9");
  searching.get_future().wait();
  server_.server->drain();
  EXPECT_EQ(file(connection), std::nullopt);
  EXPECT_TRUE(finished());
}

}  // namespace
}  // namespace stampede::controllers
