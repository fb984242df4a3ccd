#include "schedules/reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fakes/quiet_catalog.h"
#include "tests/support/test_ring.h"

namespace stampede::schedules {
namespace {

constexpr Now kNow{Instant{std::chrono::seconds{1'800'000'000}}, Tick{std::chrono::hours{1}}};
constexpr UserId kBanned{7};

/// Like the database: poll() tells of each change once.
class Changing final : public test_support::QuietCatalog {
 public:
  /// Called before each read.
  std::function<void()> meanwhile = [] {};
  repositories::Revisions revisions{.catalog = 1, .blacklist = 1};
  std::vector<BlacklistEntry> banned;
  std::vector<Sale> on_sale{Sale{.id = SaleId{1}}};

  std::optional<repositories::Revisions> poll() override {
    meanwhile();
    if (polled_ && polled_->catalog == revisions.catalog &&
        polled_->blacklist == revisions.blacklist) {
      return std::nullopt;
    }
    return polled_ = revisions;
  }
  repositories::ListedSales sales() override {
    meanwhile();
    return {.revision = revisions.catalog, .sales = on_sale};
  }
  std::vector<Product> products() override { return {}; }
  repositories::HeldBans list(Instant) override {
    meanwhile();
    return {.revision = revisions.blacklist, .entries = banned};
  }

 private:
  std::optional<repositories::Revisions> polled_;
};

class ReloadTest : public testing::Test {
 protected:
  void ban_and_then_sell() {
    database_.banned = {{.user = kBanned}};
    ++database_.revisions.blacklist;
    database_.on_sale.push_back({.id = SaleId{2}});
    ++database_.revisions.catalog;
  }

  Changing database_;
  test::TestRing keys_;
  services::catalog::Catalog catalog_{database_};
  services::accounts::Sessions sessions_{keys_.ring()};
  services::admission::Blacklist blacklist_;
  std::size_t sales_ = 0;
  bool ban_known_ = false;  // when the sales were told last
  Reload reload_{{.changes = database_,
                  .accounts = database_,
                  .keys = keys_.ring(),
                  .catalog = catalog_,
                  .sessions = sessions_,
                  .bans = Reload::Parts::Bans{database_, blacklist_},
                  .catalog_changed =
                      [this](const std::vector<Sale>& sales, const std::vector<Product>&) {
                        sales_ = sales.size();
                        ban_known_ = blacklist_.holds(kBanned, kNow.wall);
                      },
                  .review_stock = [](Now) {}}};
};

/// A failover loses what came between the poll and the list, and the poll tells of the list before.
TEST_F(ReloadTest, BansAreKnownByTheRevisionThatTheyWereReadWith) {
  reload_.run(kNow);
  ++database_.revisions.blacklist;
  int reads = 0;
  database_.meanwhile = [&] {
    if (++reads != 2) return;
    database_.banned = {{.user = kBanned}};
    ++database_.revisions.blacklist;
  };
  reload_.run(kNow);
  ASSERT_TRUE(blacklist_.holds(kBanned, kNow.wall));
  database_.banned.clear();
  --database_.revisions.blacklist;
  ++database_.revisions.catalog;  // so that the poll tells
  reload_.run(kNow);
  EXPECT_FALSE(blacklist_.holds(kBanned, kNow.wall));
}

TEST_F(ReloadTest, SalesAreKnownByTheRevisionThatTheyWereReadWith) {
  reload_.run(kNow);
  ++database_.revisions.catalog;
  int reads = 0;
  database_.meanwhile = [&] {
    if (++reads != 2) return;
    database_.on_sale.push_back({.id = SaleId{2}});
    ++database_.revisions.catalog;
  };
  reload_.run(kNow);
  ASSERT_EQ(sales_, 2U);
  database_.on_sale.pop_back();
  --database_.revisions.catalog;
  ++database_.revisions.blacklist;  // so that the poll tells
  reload_.run(kNow);
  EXPECT_EQ(sales_, 1U);
}

/// Whenever it happens: between two reads of the round, or between two rounds.
TEST_F(ReloadTest, ANewSaleBringsTheBansThatAreOlderThanIt) {
  for (int read = 1; read <= 5; ++read) {
    SCOPED_TRACE(read);
    database_.banned.clear();
    database_.on_sale.resize(1);
    database_.revisions.catalog += 10;  // so that sales are read
    database_.revisions.blacklist += 10;
    reload_.run(kNow);
    ASSERT_FALSE(blacklist_.holds(kBanned, kNow.wall));
    database_.revisions.catalog += 10;
    int reads = 0;
    database_.meanwhile = [&] {
      if (++reads == read) ban_and_then_sell();
    };
    reload_.run(kNow);
    EXPECT_TRUE(sales_ != 2 || ban_known_);
    reload_.run(kNow);
    reload_.run(kNow);
    if (reads >= read) {
      EXPECT_EQ(sales_, 2U) << "no change is lost";
      EXPECT_TRUE(ban_known_);
    }
    database_.meanwhile = [] {};
  }
}

}  // namespace
}  // namespace stampede::schedules
