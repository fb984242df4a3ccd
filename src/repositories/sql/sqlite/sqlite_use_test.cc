// A database file that was parted from its log must never open as an older shop.
#include "repositories/sql/sqlite/sqlite_use.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "repositories/sql/connection/migrations.h"
#include "repositories/sql/sqlite/sqlite_copy.h"
#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

fs::path log_of(fs::path file) { return file += "-wal"; }

struct SqliteUseTest : testing::Test {
  /// What somebody finds who copies the file, and its log too or not.
  fs::path copy(const fs::path& from, bool with_log) {
    const fs::path to = copies.path() / fmt::format("{}.db", ++count);
    fs::copy_file(from, to);
    if (with_log) fs::copy_file(log_of(from), log_of(to));
    return to;
  }
  std::size_t products_in(const fs::path& file) {
    Database database({.path = file});
    return Repositories(database).catalog().products().size();
  }
  void expect_refused(const fs::path& file) {
    const auto error = error_of([&] { products_in(file); });
    ASSERT_TRUE(error) << "it opened";
    EXPECT_THAT(error->what(), AllOf(HasSubstr(log_of(file).string()), HasSubstr("is missing")));
  }
  TestStorage storage{Engine::kSqlite};
  const test_support::TempDir copies;
  int count = 0;
};

TEST_F(SqliteUseTest, AFileInUseIsRefusedWithoutItsLog) {
  const auto database = storage.open();
  expect_refused(copy(storage.file(), false));
  Repositories(*database).catalog().add_product({.name = "Lamp"}, at(1));
  expect_refused(copy(storage.file(), false));
  EXPECT_EQ(products_in(copy(storage.file(), true)), 1U);
}

TEST_F(SqliteUseTest, AFileThatWasClosedIsComplete) {
  {
    const auto database = storage.open();
    Repositories(*database).catalog().add_product({.name = "Lamp"}, at(1));
  }
  EXPECT_FALSE(fs::exists(log_of(storage.file())));
  EXPECT_EQ(products_in(copy(storage.file(), false)), 1U);
}

TEST_F(SqliteUseTest, ItIsOpenedAgainAndInUseAgain) {
  storage.open().reset();
  const auto database = storage.open();
  Repositories(*database).catalog().add_product({.name = "Lamp"}, at(1));
  expect_refused(copy(storage.file(), false));
}

TEST_F(SqliteUseTest, TheLastOneOfSeveralClosesIt) {
  const auto database = storage.open();
  storage.open().reset();
  // As SQLite does by itself when the log is long: what the log says is in the file then.
  SqliteHandle file(storage.file(), SqliteHandle::Open::kWrite, std::chrono::seconds{1});
  file.number("PRAGMA user_version");  // a connection that has read nothing knows of no log
  ASSERT_TRUE(file.checkpoint());
  Repositories(*database).catalog().add_product({.name = "Lamp"}, at(1));
  expect_refused(copy(storage.file(), false));
}

TEST_F(SqliteUseTest, AfterAKillTheLogIsReadAndTheNextCloseIsComplete) {
  fs::path killed;
  {
    const auto database = storage.open();
    Repositories(*database).catalog().add_product({.name = "Lamp"}, at(1));
    killed = copy(storage.file(), true);
  }
  EXPECT_EQ(products_in(killed), 1U);
  EXPECT_EQ(products_in(copy(killed, false)), 1U);
}

/// Killed between the two: the mark is in the log, and not yet in the file.
TEST_F(SqliteUseTest, AMarkThatIsInTheLogAloneReachesTheFile) {
  storage.open().reset();
  fs::path killed;
  {
    SqliteHandle file(storage.file(), SqliteHandle::Open::kWrite, std::chrono::seconds{1});
    file.run("PRAGMA user_version=1");
    killed = copy(storage.file(), true);
  }
  const Database database({.path = killed});
  expect_refused(copy(killed, false));
}

/// A release before this one had everything in the log.
TEST_F(SqliteUseTest, AShellOfAnEarlierReleaseIsRefused) {
  make_private_file(storage.file());
  SqliteHandle file(storage.file(), SqliteHandle::Open::kWrite, std::chrono::seconds{1});
  file.run("PRAGMA page_size=2048; PRAGMA journal_mode=WAL; CREATE TABLE other (id BIGINT)");
  expect_refused(copy(storage.file(), false));
  EXPECT_EQ(products_in(copy(storage.file(), true)), 0U);
}

TEST_F(SqliteUseTest, AFileOfAnEarlierReleaseThatWasClosedOpens) {
  {
    make_private_file(storage.file());
    SqliteHandle file(storage.file(), SqliteHandle::Open::kWrite, std::chrono::seconds{1});
    file.run("PRAGMA page_size=2048; PRAGMA journal_mode=WAL; CREATE TABLE other (id BIGINT)");
    file.delete_log_on_close();
  }
  EXPECT_EQ(products_in(storage.file()), 0U);
}

/// Killed before the first mark was set: nothing was ever in its log.
TEST_F(SqliteUseTest, AFileThatWasJustMadeOpens) {
  make_private_file(storage.file());
  {
    SqliteHandle file(storage.file(), SqliteHandle::Open::kWrite, std::chrono::seconds{1});
    file.run("PRAGMA page_size=2048; PRAGMA application_id=0x53746D70; PRAGMA journal_mode=WAL");
    file.delete_log_on_close();
  }
  EXPECT_EQ(products_in(storage.file()), 0U);
}

TEST_F(SqliteUseTest, ALostLogCanBeGivenUp) {
  const auto database = storage.open();
  const fs::path left = copy(storage.file(), false);
  {
    SqliteHandle file(left, SqliteHandle::Open::kWrite, std::chrono::seconds{1});
    declare_complete(file);
  }
  EXPECT_EQ(products_in(left), 0U);
}

struct SqliteCopyTest : SqliteUseTest {
  TestShop shop;
  fs::path target = copies.path() / "copy.db";
};

TEST_F(SqliteCopyTest, IsOneSnapshotCompleteAndPrivate) {
  shop.catalog().add_product({.name = "Lamp"}, at(1));
  std::int64_t last = 0, all = 0;
  copy_sqlite(shop.storage.file(), target, [&](std::int64_t copied, std::int64_t of) {
    EXPECT_GE(copied, last);
    last = copied;
    all = of;
    shop.catalog().add_product({.name = "Later"}, at(2));  // and the copy does not begin anew
  });
  EXPECT_EQ(last, all);
  EXPECT_EQ(last, static_cast<std::int64_t>(fs::file_size(target)));
  struct stat status {};
  ASSERT_EQ(stat(target.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(std::distance(fs::directory_iterator(copies.path()), {}), 1);
  check_sqlite(target);
  EXPECT_EQ(schema_version_of(target), embedded_migrations().back().version);
  Database read({.path = target, .read_only = true});
  EXPECT_EQ(Repositories(read).catalog().products().size(), 1U);
  EXPECT_TRUE(error_of([&] { Repositories(read).catalog().add_product({.name = "No"}, at(3)); }));
  EXPECT_EQ(std::distance(fs::directory_iterator(copies.path()), {}), 1);
}

TEST_F(SqliteCopyTest, DoesNotBeginAnewWhileOthersCommit) {
  const auto sale = shop.sell(100'000);
  const auto lease = *shop.leases().grant(sale, 100'000, at(1));
  std::int64_t buyer = 0;
  const auto sell = [&] {
    std::vector<Order> orders;
    for (int i = 0; i < 1'000; ++i) orders.push_back(success(sale, lease, ++buyer));
    shop.commit(std::move(orders));
  };
  for (int i = 0; i < 30; ++i) sell();
  int steps = 0;
  copy_sqlite(shop.storage.file(), target, [&](std::int64_t, std::int64_t) {
    if (++steps < 100) sell();
  });
  EXPECT_LT(steps, 100);
  EXPECT_GT(steps, 1);
  Database read({.path = target, .read_only = true});
  const auto audited_sales = Repositories(read).audit().audited_sales();
  ASSERT_EQ(audited_sales.size(), 1U);
  EXPECT_EQ(audited_sales[0].active, 30'000);
  EXPECT_TRUE(audited_sales[0].mischarged_leases.empty());
}

TEST_F(SqliteCopyTest, ADamagedFileIsNamed) {
  shop.sell(1);
  copy_sqlite(shop.storage.file(), target, [](auto, auto) {});
  {
    SqliteHandle file(target, SqliteHandle::Open::kWrite, std::chrono::seconds{1});
    file.run(
        "PRAGMA writable_schema=ON; "
        "UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'sales_by_product'");
  }
  const auto error = error_of([&] { check_sqlite(target); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr(target.string()));
}

}  // namespace
}  // namespace stampede::repositories::sql
