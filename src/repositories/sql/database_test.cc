#include "repositories/sql/database.h"

#include <gmock/gmock.h>
#include <soci/soci.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <latch>
#include <thread>

#include "repositories/sql/migrations.h"
#include "repositories/sql/test_database.h"
#include "repositories/sql/turnstile.h"

namespace stampede::repositories::sql {
namespace {

using ::testing::HasSubstr;
using Kind = StorageError::Kind;

template <class Work>
std::optional<StorageError> error_of(Work work) {
  try {
    work();
  } catch (const StorageError& error) {
    return error;
  }
  return std::nullopt;
}

std::int64_t count(Database& database, const std::string& table) {
  return database.read([&](soci::session& session) {
    std::int64_t rows = 0;
    session << "SELECT COUNT(*) FROM " << table, soci::into(rows);
    return rows;
  });
}

TEST(Migrations, AreNumberedFromOneWithoutGap) {
  const auto migrations = embedded_migrations();
  ASSERT_FALSE(migrations.empty());
  EXPECT_EQ(migrations.front().version, 1);
  EXPECT_EQ(migrations.front().name, "001_initial.sql");
}

TEST(Migrations, AreAppliedOnce) {
  const TestFolder folder;
  {
    const Database database({.path = folder.file()});
  }
  Database database({.path = folder.file()});
  EXPECT_EQ(count(database, "schema_version"),
            static_cast<std::int64_t>(embedded_migrations().size()));
  EXPECT_EQ(count(database, "queue_shards"), 1);
}

TEST(Migrations, GoOnWhereTheDatabaseStands) {
  TestShop shop;
  auto migrations = embedded_migrations();
  const int next = static_cast<int>(migrations.size()) + 1;
  migrations.push_back({.version = next, .name = "x", .sql = "CREATE TABLE extra (id BIGINT);"});
  migrate(shop.database, migrations);
  EXPECT_EQ(count(shop.database, "extra"), 0);
  migrate(shop.database, migrations);  // not again
}

TEST(Migrations, AFailingOneLeavesNothing) {
  TestShop shop;
  auto migrations = embedded_migrations();
  const int next = static_cast<int>(migrations.size()) + 1;
  migrations.push_back({.version = next,
                        .name = "x",
                        .sql = "CREATE TABLE extra (id BIGINT); INSERT INTO nowhere VALUES (1);"});
  const auto error = error_of([&] { migrate(shop.database, migrations); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("nowhere"));
  EXPECT_TRUE(error_of([&] { count(shop.database, "extra"); }));
}

TEST(Migrations, SeveralProcessesMayOpenANewDatabaseAtOnce) {
  const TestFolder folder;
  std::latch ready{4};
  {
    std::vector<std::jthread> openers;
    for (int i = 0; i < 4; ++i) {
      openers.emplace_back([&] {
        ready.arrive_and_wait();
        const Database database({.path = folder.file()});
      });
    }
  }
  Database database({.path = folder.file()});
  EXPECT_EQ(count(database, "queue_shards"), 1);
}

TEST(Database, OfANewerVersionIsRefused) {
  const TestFolder folder;
  {
    Database database({.path = folder.file()});
    database.write([](soci::session& session) {
      session << "INSERT INTO schema_version (version, name) VALUES (99, 'from the future')";
    });
  }
  const auto error = error_of([&] { const Database database({.path = folder.file()}); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kNewerSchema);
  EXPECT_THAT(error->what(), HasSubstr("version 99"));
  EXPECT_THAT(error->what(),
              HasSubstr(fmt::format("up to {}", embedded_migrations().back().version)));
}

TEST(Database, SaysWhatIsWrongWithItsFile) {
  const TestFolder folder;
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
  for (const auto& entry : std::filesystem::directory_iterator(shop.folder.path())) {
    struct stat status{};
    ASSERT_EQ(stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << entry.path();
  }
}

TEST(Database, RollsBackWhenTheWorkThrows) {
  TestShop shop;
  EXPECT_THROW(shop.database.write([](soci::session& session) {
    session << "UPDATE queue_shards SET last_seq = 7";
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_EQ(shop.repositories.ledger().begin()->lock_shard(0).last_seq, 0);
}

TEST(Database, ATransactionThatFailedIsOver) {
  TestShop shop;
  Transaction transaction(shop.database, Access::kWrite);
  EXPECT_TRUE(error_of([&] {
    transaction.run([](soci::session& session) { session << "INSERT INTO nowhere VALUES (1)"; });
  }));
  const auto write = [](soci::session& session) { session << "DELETE FROM queue_shards"; };
  EXPECT_THROW(transaction.run(write), std::logic_error);
  EXPECT_THROW(transaction.commit(), std::logic_error);
  EXPECT_EQ(count(shop.database, "queue_shards"), 1);
}

TEST(Database, ReadersSeeOneSnapshotAndCannotWrite) {
  TestShop shop;
  shop.database.read([&](soci::session& session) {
    std::int64_t before = 0;
    session << "SELECT COUNT(*) FROM products", soci::into(before);
    shop.catalog().add_product("Another", "", at(1));
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
  Database other({.path = shop.folder.file(), .busy_timeout = std::chrono::milliseconds{5}});
  const Transaction kept(shop.database, Access::kWrite);
  const auto error = error_of([&] { const Transaction waiting(other, Access::kWrite); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kBusy);
}

TEST(Database, SaysBusyWhenAnotherProcessKeepsTheGate) {
  TestShop shop;
  Database other({.path = shop.folder.file(), .busy_timeout = std::chrono::milliseconds{5}});
  Turnstile gate(shop.folder.file().string() + "-turnstile");
  ASSERT_TRUE(gate.enter(std::chrono::milliseconds{0}));
  const auto error = error_of([&] { const Transaction waiting(other, Access::kWrite); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kBusy);
  gate.leave();
  const Transaction entered(other, Access::kWrite);
}

TEST(Changes, SeesEveryCommitOfOthersOnce) {
  TestShop shop;
  const auto changes = shop.repositories.changes();
  const auto first = changes->poll();
  ASSERT_TRUE(first);
  EXPECT_FALSE(changes->poll());
  Database other({.path = shop.folder.file()});
  Repositories outside(other);
  const auto product = outside.catalog().add_product("From outside", "", at(1));
  const auto second = changes->poll();
  ASSERT_TRUE(second);
  EXPECT_GT(second->catalog, first->catalog);
  EXPECT_EQ(second->blacklist, first->blacklist);
  EXPECT_FALSE(changes->poll());
  shop.catalog().products();
  EXPECT_FALSE(changes->poll());

  auto expect_raised = [&, last = *second](std::int64_t Revisions::* topic) mutable {
    const auto now = changes->poll();
    ASSERT_TRUE(now);
    EXPECT_GT((*now).*topic, last.*topic);
    last = *now;
  };
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
  Database other({.path = shop.folder.file()});
  Repositories outside(other);
  const auto sale = shop.sell(1'000'000'000);
  const auto lease = *shop.leases().grant(sale, 1'000'000'000, at(1));
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> batches{0};
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
    for (int i = 0; i < 100; ++i) outside.catalog().add_product(fmt::format("{}", i), "", at(1));
    stop = true;
  }
  EXPECT_EQ(shop.catalog().products().size(), 101U);
  EXPECT_EQ(count(shop.database, "orders"), batches * 50);
  EXPECT_GE(batches, 50);  // and it did not stop the server either
}

}  // namespace
}  // namespace stampede::repositories::sql
