// A purchase whose outcome is not known yet, followed by its event stream.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

#include "tests/support/child.h"
#include "tests/support/raw_connection.h"
#include "tests/support/shop.h"
#include "tests/support/temp_dir.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// Holds the database's write lock for as long as it lives, so that nothing is committed.
class DatabaseLock {
 public:
  explicit DatabaseLock(const Shop& shop)
      : pipe_(make_pipe(folder_)),
        sqlite_({"sh", "-c", "exec sqlite3 \"$0\" <\"$1\"", (shop.data() / "stampede.db").string(),
                 pipe_}),
        commands_(open(pipe_.c_str(), O_WRONLY | O_CLOEXEC)) {
    const std::string text = ".timeout 5000\nBEGIN IMMEDIATE;\n.shell echo locked\n";
    if (write(commands_, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        sqlite_.read_line(10s) != "locked") {
      throw std::runtime_error("no lock: " + sqlite_.standard_error());
    }
  }
  DatabaseLock(const DatabaseLock&) = delete;
  DatabaseLock& operator=(const DatabaseLock&) = delete;
  ~DatabaseLock() {
    close(commands_);  // its end: sqlite3 rolls back
    sqlite_.wait(10s);
  }

 private:
  static std::string make_pipe(const TempDir& folder) {
    std::string path = (folder.path() / "commands").string();
    if (mkfifo(path.c_str(), 0600) != 0) {
      throw std::system_error(errno, std::generic_category(), "mkfifo " + path);
    }
    return path;
  }

  TempDir folder_;
  std::string pipe_;
  Child sqlite_;
  int commands_;
};

RawConnection follow(const Shop& shop, const Buyer& buyer, const std::string& target) {
  RawConnection connection(shop.port());
  connection.send(fmt::format("GET {} HTTP/1.1\r\nHost: shop\r\nCookie: sign={}\r\n\r\n", target,
                              buyer.sign()));
  return connection;
}

/// "/purchases/1/KEY?lease=1" → "/purchases/1/KEY/events?lease=1"
std::string events_of(std::string location) {
  return location.insert(location.find('?'), "/events");
}

TEST(PurchaseEvents, EndWithTheOutcomeOfAPendingPurchase) {
  Shop shop;
  const ProductId lamp = shop.open_sale();
  Buyer buyer = shop.buyer(1);
  const std::string key = fresh_key();
  std::string location;
  std::optional<RawConnection> stream;
  {
    const DatabaseLock lock(shop);
    const CheckAnswer pending = buyer.buy(lamp, key);
    ASSERT_EQ(pending.status, 202) << pending.response.body;
    location = pending.response.header("Location");
    EXPECT_EQ(buyer.get(location, "application/json").body, R"({"result":"pending"})");
    EXPECT_THAT(buyer.get(location).body, HasSubstr("id=\"pending\""));
    stream.emplace(follow(shop, buyer, events_of(location)));
    const auto head = stream->read_until("\n\n", 10s);
    EXPECT_THAT(head.value_or("nothing"), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(head.value_or("nothing"), HasSubstr("Content-Type: text/event-stream\r\n"));
  }
  const auto rest = stream->read_to_end(20s);
  ASSERT_TRUE(rest) << "the stream never ended";
  const std::string outcome = buyer.get(location, "application/json").body;
  EXPECT_THAT(outcome, HasSubstr("success"));
  EXPECT_THAT(*rest, HasSubstr("event: outcome\ndata: " + outcome + "\n\n"));
  EXPECT_THAT(*rest, EndsWith("\r\n0\r\n\r\n"));

  const CheckAnswer again = buyer.buy(lamp, key);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.order, boost::json::parse(outcome).at("order").as_int64());

  // Whoever comes later hears the same.
  EXPECT_THAT(follow(shop, buyer, events_of(location)).read_to_end(10s).value_or("nothing"),
              HasSubstr("data: " + outcome + "\n\n"));
  EXPECT_EQ(shop.audited_orders(), 1);
}

TEST(PurchaseEvents, EndCleanlyWhenTheServerStops) {
  Shop shop;
  shop.open_sale();
  RawConnection stream =
      follow(shop, shop.buyer(1), fmt::format("/purchases/1/{}/events?lease=1", fresh_key()));
  ASSERT_THAT(stream.read_until("\n\n", 10s).value_or("nothing"), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(shop.stop(), 0);
  EXPECT_THAT(stream.read_to_end(10s).value_or("nothing"), EndsWith("0\r\n\r\n"));
}

}  // namespace
}  // namespace stampede::test_support
