#include "repositories/sql/connection/database.h"

#include <gmock/gmock.h>
#include <soci/soci.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <latch>
#include <thread>

#include "repositories/sql/connection/migrations.h"
#include "repositories/sql/sqlite/fair_write_lock.h"
#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using ::testing::HasSubstr;
using Kind = StorageError::Kind;

std::int64_t count(Database& database, const std::string& table) {
  return database.read([&](soci::session& session) {
    std::int64_t rows = 0;
    session << "SELECT COUNT(*) FROM " << table, soci::into(rows);
    return rows;
  });
}

struct MigrationsTest : OnEveryEngine {};
struct DatabaseTest : OnEveryEngine {};
struct ChangesTest : OnEveryEngine {};
INSTANTIATE_TEST_SUITE_P(On, MigrationsTest, every_engine(), testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(On, DatabaseTest, every_engine(), testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(On, ChangesTest, every_engine(), testing::PrintToStringParamName());

TEST(Migrations, AreNumberedFromOneWithoutGap) {
  const auto migrations = embedded_migrations();
  ASSERT_FALSE(migrations.empty());
  EXPECT_EQ(migrations.front().version, 1);
  EXPECT_EQ(migrations.front().name, "001_initial.sql");
}

TEST_P(MigrationsTest, AreAppliedOnce) {
  const auto again = shop.storage.open();
  Database& database = *again;
  EXPECT_EQ(count(database, "schema_version"),
            static_cast<std::int64_t>(embedded_migrations().size()));
  EXPECT_EQ(count(database, "queue_shards"), 1);
}

TEST_P(MigrationsTest, GoOnWhereTheDatabaseStands) {
  auto migrations = embedded_migrations();
  const int next = static_cast<int>(migrations.size()) + 1;
  migrations.push_back({.version = next, .name = "x", .sql = "CREATE TABLE extra (id BIGINT);"});
  migrate(shop.database, migrations);
  EXPECT_EQ(count(shop.database, "extra"), 0);
  migrate(shop.database, migrations);  // not again
}

TEST_P(MigrationsTest, AFailingOneCanBeRunAgain) {
  auto migrations = embedded_migrations();
  const int next = static_cast<int>(migrations.size()) + 1;
  migrations.push_back({.version = next,
                        .name = "x",
                        .sql = "CREATE TABLE extra (id BIGINT); INSERT INTO later VALUES (1);"});
  const auto error = error_of([&] { migrate(shop.database, migrations); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("later"));
  EXPECT_EQ(count(shop.database, "schema_version"), next - 1);
  if (GetParam() == Engine::kSqlite) {  // there it leaves nothing at all
    EXPECT_TRUE(error_of([&] { count(shop.database, "extra"); }));
  }
  shop.database.write([](soci::session& session) { session << "CREATE TABLE later (id BIGINT)"; });
  migrate(shop.database, migrations);
  EXPECT_EQ(count(shop.database, "extra"), 0);
  EXPECT_EQ(count(shop.database, "later"), 1);
}

struct NewDatabaseTest : testing::TestWithParam<Engine> {
  const TestStorage storage{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(On, NewDatabaseTest, every_engine(), testing::PrintToStringParamName());

TEST_P(NewDatabaseTest, SeveralProcessesMayOpenItAtOnce) {
  std::latch ready{4};
  {
    std::vector<std::jthread> openers;
    for (int i = 0; i < 4; ++i) {
      openers.emplace_back([&] {
        ready.arrive_and_wait();
        storage.open();
      });
    }
  }
  const auto database = storage.open();
  EXPECT_EQ(count(*database, "queue_shards"), 1);
  EXPECT_EQ(count(*database, "schema_version"), std::ssize(embedded_migrations()));
}

TEST_P(DatabaseTest, OfANewerVersionIsRefused) {
  shop.database.write([](soci::session& session) {
    session << "INSERT INTO schema_version (version, name) VALUES (99, 'from the future')";
  });
  const auto error = error_of([&] { shop.storage.open(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kNewerSchema);
  EXPECT_THAT(error->what(), HasSubstr("version 99"));
  EXPECT_THAT(error->what(),
              HasSubstr(fmt::format("up to {}", embedded_migrations().back().version)));
}

TEST(Database, SaysWhatIsWrongWithItsFile) {
  const test_support::TempDir folder;
  const auto missing = folder.path() / "no such folder" / "shop.db";
  auto error = error_of([&] { const Database database({.path = missing}); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr(missing.string()));
  EXPECT_THAT(error->what(), HasSubstr("No such file"));

  const auto text = folder.path() / "text";
  std::ofstream(text) << "This is not a database, but a text of more than a hundred bytes, so that "
                         "nobody takes it for an empty one.";
  error = error_of([&] { const Database database({.path = text}); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("not a database"));

  error = error_of([&] { const Database database({.path = folder.path() / "a\"b"}); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("quotation marks"));
}

TEST(Database, IsMadeForItsOwnerAlone) {
  const TestShop shop;
  for (const auto& entry : std::filesystem::directory_iterator(shop.storage.file().parent_path())) {
    struct stat status {};
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << entry.path();
  }
}

TEST_P(DatabaseTest, RollsBackWhenTheWorkThrows) {
  EXPECT_THROW(shop.database.write([](soci::session& session) {
    session << "UPDATE queue_shards SET last_seq = 7";
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_EQ(shop.repositories.order_store().begin()->lock_shard(0).end.seq, 0);
}

TEST_P(DatabaseTest, ATransactionThatFailedIsOver) {
  Transaction transaction(shop.database, Access::kWrite);
  EXPECT_TRUE(error_of([&] {
    transaction.run([](soci::session& session) { session << "INSERT INTO nowhere VALUES (1)"; });
  }));
  const auto write = [](soci::session& session) { session << "DELETE FROM queue_shards"; };
  EXPECT_THROW(transaction.run(write), std::logic_error);
  EXPECT_THROW(transaction.commit(), std::logic_error);
  EXPECT_EQ(count(shop.database, "queue_shards"), 1);
}

TEST_P(DatabaseTest, ReadersSeeOneSnapshotAndCannotWrite) {
  shop.database.read([&](soci::session& session) {
    std::int64_t before = 0;
    session << "SELECT COUNT(*) FROM products", soci::into(before);
    shop.catalog().add_product({.name = "Another"}, at(1));
    std::int64_t after = 0;
    session << "SELECT COUNT(*) FROM products", soci::into(after);
    EXPECT_EQ(before, after);
  });
  EXPECT_EQ(count(shop.database, "products"), 1);
  const auto error = error_of([&] {
    shop.database.read([](soci::session& session) { session << "DELETE FROM products"; });
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kOther);
}

TEST(Database, SaysBusyWhenAnotherProcessKeepsIt) {
  TestShop shop;
  Database other({.path = shop.storage.file(), .busy_timeout = std::chrono::milliseconds{5}});
  const Transaction kept(shop.database, Access::kWrite);
  const auto error = error_of([&] { const Transaction waiting(other, Access::kWrite); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kBusy);
}

TEST(Database, SaysBusyWhenAnotherProcessKeepsTheGate) {
  TestShop shop;
  Database other({.path = shop.storage.file(), .busy_timeout = std::chrono::milliseconds{5}});
  FairWriteLock gate(shop.storage.file().string() + "-fair_write_lock");
  ASSERT_TRUE(gate.enter(std::chrono::milliseconds{0}));
  const auto error = error_of([&] { const Transaction waiting(other, Access::kWrite); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kBusy);
  gate.leave();
  const Transaction entered(other, Access::kWrite);
}

TEST(SqliteChanges, SeesEveryCommitOfOthersOnce) {
  TestShop shop;
  const auto changes = shop.repositories.changes();
  EXPECT_TRUE(changes->poll());
  EXPECT_FALSE(changes->poll());
  const auto other = shop.storage.open();
  Repositories(*other).catalog().add_product({.name = "From outside"}, at(1));
  EXPECT_TRUE(changes->poll());
  EXPECT_FALSE(changes->poll());
  shop.catalog().products();
  EXPECT_FALSE(changes->poll());
}

TEST_P(ChangesTest, RaiseTheRevisionOfWhatChanged) {
  const auto changes = shop.repositories.changes();
  const auto other = shop.storage.open();
  Repositories outside(*other);
  auto last = changes->poll();
  ASSERT_TRUE(last);
  const auto expect_raised = [&](std::int64_t Revisions::*topic) {
    const auto now = changes->poll();
    ASSERT_TRUE(now);
    EXPECT_GT((*now).*topic, (*last).*topic);
    Revisions others = *now;
    others.*topic = (*last).*topic;
    EXPECT_EQ(others, *last);
    last = now;
  };
  const auto product = outside.catalog().add_product({.name = "From outside"}, at(1));
  expect_raised(&Revisions::catalog);
  const auto sale = outside.catalog().create_sale(
      {.product = product, .price_cents = 1, .quantity = 1, .starts_at = at(1)}, at(1));
  expect_raised(&Revisions::catalog);
  outside.catalog().end_sale(*sale, at(2));
  expect_raised(&Revisions::catalog);
  outside.blacklist().put(std::vector{BlacklistEntry{.user = UserId{1}, .reason = "test"}});
  expect_raised(&Revisions::blacklist);
  outside.blacklist().remove(UserId{1});
  expect_raised(&Revisions::blacklist);
}

TEST(AnotherProcess, WritesWhileTheServerCommitsWithoutPause) {
  TestShop shop;
  Database other({.path = shop.storage.file()});
  Repositories outside(other);
  const auto sale = shop.sell(1'000'000'000);
  const auto lease = *shop.leases().grant(sale, 1'000'000'000, at(1));
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> batches{0};
  std::size_t products = 1;
  {
    std::latch running{1};
    std::jthread server([&] {
      for (std::int64_t buyer = 1; !stop; ++batches) {
        std::vector<Order> orders;
        for (int i = 0; i < 50; ++i) orders.push_back(success(sale, lease, buyer++));
        shop.commit(std::move(orders));
        if (batches == 0) running.count_down();
      }
    });
    running.wait();
    // And it does not stop the server either.
    for (; products <= 100 || (batches < 50 && products < 100'000); ++products) {
      outside.catalog().add_product({.name = fmt::format("{}", products)}, at(1));
    }
    stop = true;
  }
  EXPECT_EQ(shop.catalog().products().size(), products);
  EXPECT_EQ(count(shop.database, "orders"), batches * 50);
  EXPECT_GE(batches, 50);
}

}  // namespace
}  // namespace stampede::repositories::sql
