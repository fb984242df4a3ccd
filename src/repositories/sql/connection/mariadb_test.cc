#include <gmock/gmock.h>
#include <soci/soci.h>

#include <functional>
#include <latch>
#include <thread>

#include "repositories/sql/connection/mariadb_script.h"
#include "repositories/sql/connection/migrations.h"
#include "repositories/sql/connection/rows.h"
#include "repositories/sql/test_database.h"
#include "tests/support/eventually.h"

/// What a MariaDB server does that SQLite cannot: be away, be set up wrongly, lose a connection.
namespace stampede::repositories::sql {
namespace {

using test_support::MariadbDatabase;
using test_support::MariadbServer;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = StorageError::Kind;

std::int64_t connection_of(soci::session& session) {
  std::int64_t id = 0;
  session << "SELECT CONNECTION_ID()", soci::into(id);
  return id;
}

/// Whoever owns it has the server end that connection.
void cut(std::int64_t connection) {
  MariadbServer::shared().sql(fmt::format("KILL {}", connection));
}

/// A server's setting, put back at the end.
class Setting {
 public:
  Setting(std::string name, const std::string& value) : name_(std::move(name)) {
    auto& server = MariadbServer::shared();
    before_ = server.sql("SELECT @@global." + name_);
    before_.pop_back();  // the line's end
    set(value);
  }
  ~Setting() { set(before_); }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  void set(const std::string& value) {
    MariadbServer::shared().sql(fmt::format("SET GLOBAL {} = {}", name_, value));
  }

  std::string name_;
  std::string before_;
};

std::optional<StorageError> error_opening(const MariadbOptions& options) {
  return error_of([&] { const Database database(options); });
}

TEST(MariadbScript, IsCutIntoStatementsWithoutComments) {
  EXPECT_THAT(
      mariadb_statements("-- a; b's\nUPDATE a SET b = 'x;--''y;' -- c\n;\n\n ; DELETE FROM a"),
      ElementsAre("UPDATE a SET b = 'x;--''y;'", "DELETE FROM a"));
}

TEST(MariadbScript, DoesNothingWhereItWasDoneBefore) {
  EXPECT_THAT(mariadb_statements("CREATE TABLE a (\n  id INTEGER PRIMARY KEY);"
                                 "CREATE TABLE b (number INTEGER PRIMARY KEY);"
                                 "CREATE INDEX c ON a (id); CREATE UNIQUE INDEX d ON a (id);"
                                 "ALTER TABLE a ADD COLUMN e BIGINT;"
                                 "INSERT INTO a (id) VALUES (1);"),
              ElementsAre("CREATE TABLE IF NOT EXISTS a (\n  id BIGINT AUTO_INCREMENT PRIMARY KEY) "
                          "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin",
                          "CREATE TABLE IF NOT EXISTS b (number BIGINT PRIMARY KEY) "
                          "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin",
                          "CREATE INDEX IF NOT EXISTS c ON a (id)",
                          "CREATE UNIQUE INDEX IF NOT EXISTS d ON a (id)",
                          "ALTER TABLE a ADD COLUMN IF NOT EXISTS e BIGINT",
                          "INSERT IGNORE INTO a (id) VALUES (1)"));
}

TEST(Mariadb, GoesOnWithAMigrationThatWasCutShort) {
  const TestStorage storage(Engine::kMariadb);
  auto migrations = embedded_migrations();
  const std::string half(
      migrations[0].sql.substr(0, migrations[0].sql.find("CREATE TABLE audit_log")));
  for (const auto& statement : mariadb_statements(half)) {
    MariadbServer::shared().sql("USE " + storage.mariadb_options().database + ";" + statement);
  }
  Database database(storage.mariadb_options());
  Repositories repositories(database);
  EXPECT_EQ(repositories.quarantine().count(), 0);
  EXPECT_EQ(repositories.order_store().begin()->lock_shard(0).shards, 1);
}

TEST(Mariadb, WaitsForAnotherProcessesMigration) {
  const TestStorage storage(Engine::kMariadb);
  auto options = storage.mariadb_options();
  options.answer_timeout = std::chrono::seconds{3};
  Database database(options);
  auto migrations = embedded_migrations();
  const int next = static_cast<int>(migrations.size()) + 1;
  migrations.push_back({.version = next, .name = "x", .sql = "CREATE TABLE extra (id BIGINT);"});
  const auto another = database.dialect().guard_schema();
  const auto error = error_of([&] { migrate(database, migrations); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kBusy);
}

TEST(Mariadb, ServesOverItsSocketToo) {
  const MariadbDatabase storage;
  auto options = TestStorage::options_of(storage);
  options.address = storage.server().socket();
  Database database(options);
  EXPECT_TRUE(Repositories(database).catalog().products().empty());
}

TEST(Mariadb, SaysWhichServerItCannotReach) {
  const MariadbDatabase storage;
  auto options = TestStorage::options_of(storage);
  options.address = "127.0.0.1:1";
  auto error = error_opening(options);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kUnreachable);
  EXPECT_THAT(error->what(), HasSubstr("at 127.0.0.1:1 cannot be reached"));

  options.address = "/nowhere/socket";
  error = error_opening(options);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kUnreachable);
  EXPECT_THAT(error->what(), HasSubstr("/nowhere/socket"));

  for (const char* address : {"", "127.0.0.1", ":3306", "host:", "host:0", "host:65536", "host:1x",
                              "host:1 user=root", "h'ost:1"}) {
    options.address = address;
    error = error_opening(options);
    ASSERT_TRUE(error) << address;
    EXPECT_EQ(error->kind(), Kind::kOther) << address;
    EXPECT_THAT(error->what(), HasSubstr(fmt::format("\"{}\"; expected host:port", address)));
  }
}

TEST(Mariadb, SaysWhichCredentialsAreWrong) {
  const MariadbDatabase storage;
  auto options = TestStorage::options_of(storage);
  options.password = "guess' user='root";
  auto error = error_opening(options);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kDenied);
  EXPECT_THAT(error->what(), AllOf(HasSubstr("refuses user \"stampede\""), HasSubstr("password")));
  EXPECT_THAT(error->what(), Not(HasSubstr("guess")));

  options = TestStorage::options_of(storage);
  options.database = "test_nowhere";
  error = error_opening(options);
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("database test_nowhere at"));
  EXPECT_THAT(error->what(), HasSubstr("no such database"));

  options.database = "mysql";
  error = error_opening(options);
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("refuses user \"stampede\""));
}

TEST(Mariadb, RefusesSettingsThatLoseCommits) {
  const MariadbDatabase storage;
  const struct {
    const char* name;
    const char* value;
    const char* said;
  } cases[] = {
      {"innodb_flush_log_at_trx_commit", "2", "innodb_flush_log_at_trx_commit is 2; expected 1"},
      {"sync_binlog", "0", "sync_binlog is 0; expected 1"},
      {"binlog_format", "STATEMENT", "binlog_format is STATEMENT; expected ROW or MIXED"}};
  for (const auto& [name, value, said] : cases) {
    const Setting wrong(name, value);
    const auto error = error_opening(TestStorage::options_of(storage));
    ASSERT_TRUE(error) << name;
    EXPECT_EQ(error->kind(), Kind::kOther);
    EXPECT_THAT(error->what(), HasSubstr(said));
  }
  EXPECT_FALSE(error_opening(TestStorage::options_of(storage)));
}

TEST(Mariadb, ComparesTextByteByByte) {
  TestShop shop(Engine::kMariadb);
  const auto sale = shop.sell(10);
  const auto lease = *shop.leases().grant(sale, 10, at(1));
  auto order = success(sale, lease, 1);
  order.intent = *IdempotencyKey::parse("An-Intent-Of-Its-Own");
  shop.commit({order});
  const auto known = [&](const char* intent) {
    return shop.orders().purchase(sale, {1}, *IdempotencyKey::parse(intent), lease).order;
  };
  EXPECT_TRUE(known("An-Intent-Of-Its-Own"));
  EXPECT_FALSE(known("an-intent-of-its-own"));
}

TEST(Mariadb, RefusesTextThatDoesNotFit) {
  TestShop shop(Engine::kMariadb);
  const auto error =
      error_of([&] { shop.catalog().add_product({.name = std::string(201, 'x')}, at(1)); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("name"));
}

TEST(Mariadb, AConnectionThatWasCutWhileIdleIsMadeAgain) {
  TestShop shop(Engine::kMariadb);
  const auto sale = shop.sell(10);
  const auto lease = *shop.leases().grant(sale, 10, at(1));
  shop.commit({success(sale, lease, 1)});  // with the statements of the first connection
  for (int i = 0; i < 2; ++i) cut(shop.database.read(connection_of));
  cut(shop.database.write(connection_of));
  shop.commit({success(sale, lease, 2)});
  EXPECT_EQ(shop.repositories.order_store().begin()->lock_shard(0).end.seq, 2);
  EXPECT_EQ(shop.catalog().products().size(), 1U);
  EXPECT_EQ(shop.catalog().sales().sales.size(), 1U);
}

TEST(Mariadb, AConnectionThatIsCutAtWorkLeavesNothing) {
  TestShop shop(Engine::kMariadb);
  const auto raise = [](soci::session& session) {
    session << "UPDATE queue_shards SET last_seq = last_seq + 1";
  };
  std::optional<Kind> at_work;
  try {
    Transaction transaction(shop.database, Access::kWrite);
    transaction.run(raise);
    cut(transaction.run(connection_of));
    transaction.run(raise);
  } catch (const StorageError& error) {
    at_work = error.kind();
  }
  EXPECT_EQ(at_work, Kind::kUnreachable);
  EXPECT_EQ(shop.repositories.order_store().begin()->lock_shard(0).end.seq, 0);
}

TEST(Mariadb, ACommitThatIsCutHasAnUnknownOutcome) {
  TestShop shop(Engine::kMariadb);
  Transaction transaction(shop.database, Access::kWrite);
  transaction.run([](soci::session& session) { session << "DELETE FROM revisions"; });
  cut(transaction.run(connection_of));
  const auto error = error_of([&] { transaction.commit(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kOutcomeUnknown);
}

TEST(Mariadb, SaysBusyForADeadlockAndForALockThatIsKept) {
  TestShop shop(Engine::kMariadb);
  auto options = shop.storage.mariadb_options();
  options.lock_timeout = std::chrono::seconds{1};
  Database other(options);
  const auto raise = [](const char* topic) {
    return [topic](soci::session& session) { raise_revision(session, topic); };
  };
  {
    Transaction keeper(shop.database, Access::kWrite);
    keeper.run(raise(kCatalogRevision));
    const auto error = error_of([&] { other.write(raise(kCatalogRevision)); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), Kind::kBusy);
  }
  other.write(raise(kCatalogRevision));

  Transaction first(shop.database, Access::kWrite);
  first.run(raise(kCatalogRevision));
  std::optional<StorageError> theirs;
  std::latch second_has_its_first(1);
  std::jthread second([&] {
    theirs = error_of([&] {
      Transaction transaction(other, Access::kWrite);
      transaction.run(raise(kBlacklistRevision));
      second_has_its_first.count_down();
      transaction.run(raise(kCatalogRevision));
    });
  });
  second_has_its_first.wait();
  const auto ours = error_of([&] { first.run(raise(kBlacklistRevision)); });
  second.join();
  ASSERT_TRUE(ours || theirs);
  EXPECT_EQ((ours ? ours : theirs)->kind(), Kind::kBusy);
}

TEST(Mariadb, AFullTableIsSaid) {
  TestShop shop(Engine::kMariadb);
  const auto error = error_of([&] {
    shop.database.write([](soci::session& session) {
      session << "SET SESSION max_heap_table_size = 16384";
      session << "CREATE TABLE small (text CHAR(200)) ENGINE=MEMORY";
      for (int i = 0; i < 1'000; ++i) session << "INSERT INTO small VALUES ('x')";
    });
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kFull);
}

TEST(Mariadb, AProcessThatStandsStillLosesItsLocks) {
  TestShop shop(Engine::kMariadb);
  auto options = shop.storage.mariadb_options();
  options.idle_timeout = std::chrono::seconds{1};
  Database frozen(options);
  options.lock_timeout = std::chrono::seconds{9};
  Database other(options);
  const auto raise = [](soci::session& session) { raise_revision(session, kCatalogRevision); };
  Transaction transaction(frozen, Access::kWrite);
  transaction.run(raise);
  other.write(raise);  // as soon as the server has ended the other one
  const auto theirs = shop.database.read(read_revisions).catalog;
  EXPECT_GT(theirs, 0);
  EXPECT_TRUE(error_of([&] { transaction.commit(); }));
  EXPECT_EQ(shop.database.read(read_revisions).catalog, theirs);
}

/// As a server that was the writer before a failover. What it says may lag.
TEST(Mariadb, AReadOnlyServerIsAway) {
  TestShop shop(Engine::kMariadb);
  const auto raise = [](soci::session& session) { raise_revision(session, kCatalogRevision); };
  const auto changes = shop.repositories.changes();
  {
    const Setting read_only("read_only", "1");
    const auto expect_away = [](const std::function<void()>& work) {
      const auto error = error_of(work);
      ASSERT_TRUE(error);
      EXPECT_EQ(error->kind(), Kind::kUnreachable) << error->what();
    };
    expect_away([&] { shop.database.write(raise); });
    expect_away([&] { shop.database.read(read_revisions); });
    expect_away([&] { (void)changes->poll(); });
  }
  shop.database.write(raise);
  const auto raised = shop.database.read(read_revisions).catalog;
  EXPECT_GT(raised, 0);
  EXPECT_EQ(changes->poll()->catalog, raised);
}

/// As a command has it, which may look at all orders of a large shop.
TEST(Mariadb, WhoeverReadsMayWaitForLonger) {
  TestShop shop{Engine::kMariadb};
  auto options = shop.storage.mariadb_options();
  options.answer_timeout = std::chrono::seconds{2};
  options.lock_timeout = std::chrono::seconds{1};
  const auto answer_late = [](soci::session& session) {
    int slept = -1;
    session << "SELECT SLEEP(3)", soci::into(slept);
    return slept;
  };
  const auto impatient = error_of([&] { Database(options).read(answer_late); });
  ASSERT_TRUE(impatient);
  EXPECT_EQ(impatient->kind(), Kind::kUnreachable);

  options.reading_timeout = std::chrono::minutes{10};
  Database patient(options);
  EXPECT_EQ(patient.read(answer_late), 0);
  EXPECT_TRUE(error_of([&] { patient.write(answer_late); }));
}

/// As a Galera node answers outside of its cluster.
TEST(Mariadb, ANodeOutsideOfItsClusterIsAway) {
  TestShop shop(Engine::kMariadb);
  const auto error = error_of([&] {
    shop.database.write([](soci::session& session) {
      session << "SIGNAL SQLSTATE '08S01' SET MYSQL_ERRNO = 1047, "
                 "MESSAGE_TEXT = 'WSREP has not yet prepared node for application use'";
    });
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), Kind::kUnreachable) << error->what();
  EXPECT_EQ(shop.database.read(read_revisions).catalog, 0) << "over a new connection";
}

/// A server of its own, because it is killed and stopped.
struct MariadbAway : testing::Test {
  MariadbServer server;
  MariadbDatabase storage{server};
  Database database{[this] {
    auto options = TestStorage::options_of(storage);
    options.answer_timeout = std::chrono::seconds{2};
    return options;
  }()};
  Repositories repositories{database};

  std::optional<Kind> kind_of(const std::function<void()>& work) {
    const auto error = error_of(work);
    return error ? std::optional{error->kind()} : std::nullopt;
  }
  std::optional<Kind> add_product() {
    return kind_of([&] { repositories.catalog().add_product({.name = "Trainers"}, at(1)); });
  }
  std::optional<Kind> lock_shard() {
    return kind_of([&] { repositories.order_store().begin()->lock_shard(0); });
  }
};

TEST_F(MariadbAway, IsSaidByEveryCallAndEndsByItself) {
  const auto changes = repositories.changes();
  ASSERT_TRUE(changes->poll());
  EXPECT_EQ(add_product(), std::nullopt);
  EXPECT_EQ(lock_shard(), std::nullopt);
  server.kill();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(add_product(), Kind::kUnreachable);
    EXPECT_EQ(lock_shard(), Kind::kUnreachable);
    EXPECT_EQ(kind_of([&] { repositories.catalog().products(); }), Kind::kUnreachable);
    EXPECT_EQ(kind_of([&] { changes->poll(); }), Kind::kUnreachable);
  }
  server.start();
  EXPECT_EQ(lock_shard(), std::nullopt);
  EXPECT_EQ(add_product(), std::nullopt);
  EXPECT_EQ(repositories.catalog().products().size(), 2U);
  EXPECT_TRUE(changes->poll());
}

TEST_F(MariadbAway, ACommitWithoutAnAnswerHasAnUnknownOutcome) {
  Transaction transaction(database, Access::kWrite);
  transaction.run([](soci::session& session) { raise_revision(session, kCatalogRevision); });
  server.freeze();
  EXPECT_EQ(kind_of([&] { transaction.commit(); }), Kind::kOutcomeUnknown);
  EXPECT_EQ(kind_of([&] { repositories.catalog().products(); }), Kind::kUnreachable);
  server.thaw();
  // It has first to deal with the connections that were given up meanwhile.
  EXPECT_TRUE(test_support::eventually(std::chrono::seconds{10}, [&] {
    return !kind_of([&] { repositories.catalog().products(); });
  }));
}

}  // namespace
}  // namespace stampede::repositories::sql
