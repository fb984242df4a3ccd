// `stampede backup` of a shop that sells, and `stampede restore` of it somewhere else; what is no
// whole shop is refused and says what is missing.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/support/eventually.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
namespace fs = std::filesystem;

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

std::string content_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

CommandResult stampede(std::vector<std::string> arguments, const Environment& environment = {}) {
  arguments.insert(arguments.begin(), stampede_binary());
  return run_command(arguments, environment);
}

void expect_refused(const CommandResult& result, const std::vector<std::string>& says) {
  EXPECT_GT(result.exit, 0) << result.out;
  EXPECT_LT(result.exit, 126);
  for (const std::string& word : says) EXPECT_THAT(result.err, HasSubstr(word));
}

class BackupTest : public testing::Test {
 protected:
  /// Numbers of orders of a new sale, bought one by one.
  void open_sale(std::int64_t buyers = 2'000) {
    lamp_ = shop_.open_sale({.quantity = 100'000});
    buyers_ = shop_.mint(1, buyers);
  }
  CheckAnswer buy(std::size_t buyer, std::uint16_t port) const {
    return Buyer(port, buyers_[buyer].id, buyers_[buyer].sign)
        .order(lamp_, fmt::format("key-of-the-buyer-{:08}", buyer));
  }
  void buy_some(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(buy(i, shop_.port()).result, "sold");
  }
  CommandResult back_up(const fs::path& to) const { return shop_.try_run({"backup", to.string()}); }
  CommandResult restore(const fs::path& from, const fs::path& data,
                        std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"restore", from.string(), "--data", data.string()};
    words.insert(words.end(), more.begin(), more.end());
    return stampede(words);
  }
  /// The files that a person would copy who believes that they are the shop.
  fs::path copy_files(const char* name, const std::vector<const char*>& files) const {
    fs::path to = folder_.path() / name;
    fs::create_directory(to);
    for (const char* file : files) fs::copy_file(shop_.data() / file, to / file);
    return to;
  }
  void serve_refuses(const fs::path& data, const std::vector<std::string>& says) const {
    expect_refused(stampede({"serve", "--data", data.string(), "--listen", "127.0.0.1:0",
                             "--console", "127.0.0.1:0"}),
                   says);
  }

  TempDir folder_;
  fs::path to_ = folder_.path() / "backup";
  fs::path restored_ = folder_.path() / "restored";
  Shop shop_{{{"STAMPEDE_ADMISSION_CHECK_RATE", "0"}}};
  ProductId lamp_;
  std::vector<MintedBuyer> buyers_;
};

TEST_F(BackupTest, ADatabaseWithoutItsLogIsNoShop) {
  open_sale();
  buy_some(5);
  const fs::path copy = copy_files("copy", {"stampede.db", "keys"});
  const std::string log = (copy / "stampede.db-wal").string();
  expect_refused(stampede({"audit", "--data", copy.string()}), {log, "missing"});
  serve_refuses(copy, {log, "missing"});
  shop_.kill();
  expect_refused(
      stampede({"audit", "--data", copy_files("killed", {"stampede.db", "keys"}).string()}),
      {"stampede.db-wal", "missing"});
  // With its log a killed shop is whole, and after a clean end the two files are.
  const fs::path all = copy_files("all", {"stampede.db", "stampede.db-wal", "keys"});
  EXPECT_THAT(stampede({"audit", "--data", all.string()}).out, HasSubstr("5 sold"));
  shop_.start();
  EXPECT_EQ(shop_.stop(), 0);
  const fs::path stopped = copy_files("stopped", {"stampede.db", "keys"});
  EXPECT_THAT(stampede({"audit", "--data", stopped.string()}).out, HasSubstr("5 sold"));
}

TEST_F(BackupTest, OfAShopThatSellsHasEveryOrderUpToItAndItsCookiesOpen) {
  open_sale(50'000);  // more than there is time for
  std::atomic<std::size_t> sold{0};
  std::size_t before = 0;
  {
    const std::jthread crowd([&](const std::stop_token& stop) {
      for (std::size_t i = 0; i < buyers_.size() && !stop.stop_requested(); ++i) {
        EXPECT_EQ(buy(i, shop_.port()).result, "sold");
        sold = i + 1;
      }
    });
    ASSERT_TRUE(eventually(kPatience, [&] { return sold >= 50; }));
    before = sold;
    const CommandResult result = back_up(to_);
    EXPECT_EQ(result.exit, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("orders of 1 sale"));
    const std::size_t after = sold;
    ASSERT_LT(after, buyers_.size()) << "the shop sold nothing beside the backup";
    ASSERT_TRUE(eventually(kPatience, [&] { return sold > after; }));
  }
  shop_.kill();
  EXPECT_EQ(mode_of(to_), 0700U);
  EXPECT_THAT(files_in(to_), testing::UnorderedElementsAre("stampede.db", "keys", "backup.json"));
  for (const std::string& file : files_in(to_)) EXPECT_EQ(mode_of(to_ / file), 0600U) << file;

  const CommandResult result = restore(to_, restored_);
  ASSERT_EQ(result.exit, 0) << result.err;
  EXPECT_EQ(mode_of(restored_), 0700U);
  EXPECT_THAT(files_in(restored_), testing::UnorderedElementsAre("stampede.db", "keys"));
  for (const std::string& file : files_in(restored_)) {
    EXPECT_EQ(mode_of(restored_ / file), 0600U) << file;
  }
  Shop again(restored_, {{"STAMPEDE_ADMISSION_CHECK_RATE", "0"}});
  EXPECT_GE(again.audited_orders(), static_cast<std::int64_t>(before));
  again.await_orders_known();
  // The cookies are of the shop that is gone; the key is known, so it is the order that it was.
  for (std::size_t i = 0; i < before; ++i) {
    const CheckAnswer answer = buy(i, again.port());
    EXPECT_EQ(answer.status, 200) << answer.response.body;
    EXPECT_EQ(answer.order, static_cast<std::int64_t>(i) + 1);
  }
  EXPECT_EQ(buy(buyers_.size() - 1, again.port()).result, "sold");
  EXPECT_EQ(again.stop(), 0);
}

TEST_F(BackupTest, OfAShopThatWasKilledHasEveryOrder) {
  open_sale();
  buy_some(20);
  shop_.kill();
  ASSERT_EQ(back_up(to_).exit, 0);
  ASSERT_EQ(restore(to_, restored_).exit, 0);
  EXPECT_THAT(stampede({"audit", "--data", restored_.string()}).out, HasSubstr("20 sold"));
}

TEST_F(BackupTest, NeitherOverwritesAnything) {
  open_sale();
  ASSERT_EQ(back_up(to_).exit, 0);
  const std::string manifest = content_of(to_ / "backup.json");
  expect_refused(back_up(to_), {to_.string(), "holds", "expected a folder that is empty"});
  EXPECT_EQ(content_of(to_ / "backup.json"), manifest);
  expect_refused(restore(to_, shop_.data()), {shop_.data().string(), "expected a folder that is"});
  buy_some(1);  // the shop there is as it was
  const fs::path empty = folder_.path() / "empty";
  fs::create_directory(empty);
  EXPECT_EQ(restore(to_, empty).exit, 0);
}

TEST_F(BackupTest, WhatIsNotWholeIsNamed) {
  open_sale();
  buy_some(3);
  ASSERT_EQ(back_up(to_).exit, 0);
  const std::string manifest = content_of(to_ / "backup.json");
  const auto refused = [&](const std::vector<std::string>& says) {
    expect_refused(restore(to_, restored_), says);
    EXPECT_FALSE(fs::exists(restored_)) << "something was left";
  };
  fs::remove(to_ / "backup.json");
  refused({"backup.json", "no whole backup", "expected"});
  std::ofstream(to_ / "backup.json") << manifest.substr(0, manifest.size() / 2);
  refused({"backup.json", "expected"});
  std::ofstream(to_ / "backup.json") << R"({"format":2})";
  refused({"format 2", "newer"});
  std::ofstream(to_ / "backup.json") << manifest;

  fs::rename(to_ / "keys", to_ / "kept");
  refused({(to_ / "keys").string(), "missing"});
  fs::rename(to_ / "kept", to_ / "keys");

  const std::string database = content_of(to_ / "stampede.db");
  fs::resize_file(to_ / "stampede.db", database.size() - 2048);
  refused({"stampede.db", std::to_string(database.size() - 2048),
           fmt::format("expected {}", database.size())});
  std::string damaged = database;
  damaged[damaged.size() / 2] ^= 1;
  std::ofstream(to_ / "stampede.db", std::ios::binary | std::ios::trunc) << damaged;
  refused({"stampede.db", "SHA-256"});
  std::ofstream(to_ / "stampede.db", std::ios::binary | std::ios::trunc) << database;
  EXPECT_EQ(restore(to_, restored_).exit, 0);
}

/// A backup whose file was changed and that says so of itself.
class ChangedBackup : public BackupTest {
 protected:
  void change(const char* sql) {
    const std::string file = (to_ / "stampede.db").string();
    const auto fingerprint = [&] {
      return fmt::format(R"("bytes":{},"sha256":"{}")", fs::file_size(file),
                         run_command({"sha256sum", file}).out.substr(0, 64));
    };
    std::string manifest = content_of(to_ / "backup.json");
    const std::string before = fingerprint();
    const CommandResult changed = run_command({"sqlite3", file, sql});
    ASSERT_EQ(changed.exit, 0) << changed.err;
    const auto at = manifest.find(before);
    ASSERT_NE(at, std::string::npos) << manifest;
    manifest.replace(at, before.size(), fingerprint());
    std::ofstream(to_ / "backup.json", std::ios::trunc) << manifest;
  }
};

TEST_F(ChangedBackup, OfANewerSchemaIsRefused) {
  ASSERT_EQ(back_up(to_).exit, 0);
  change("INSERT INTO schema_version VALUES (1000, 'from the future')");
  expect_refused(restore(to_, restored_), {"1000", "newer", "knows versions up to"});
  EXPECT_FALSE(fs::exists(restored_));
}

TEST_F(ChangedBackup, WithOtherBooksIsRefused) {
  open_sale();
  buy_some(3);
  ASSERT_EQ(back_up(to_).exit, 0);
  change("DELETE FROM orders WHERE number = 2");
  expect_refused(restore(to_, restored_),
                 {"2 orders of 1 sale, which do not balance", "expected 3 orders of 1 sale"});
  EXPECT_FALSE(fs::exists(restored_));
}

TEST_F(ChangedBackup, WithADamagedIndexIsRefused) {
  open_sale();
  ASSERT_EQ(back_up(to_).exit, 0);
  change(
      "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = replace(sql, '(product)', "
      "'(quantity)') WHERE name = 'sales_by_product'");
  expect_refused(restore(to_, restored_), {"damaged"});
  EXPECT_FALSE(fs::exists(restored_));
}

TEST_F(BackupTest, KilledAtAnyMomentLeavesNoBackupOrAWholeOne) {
  open_sale();
  buy_some(10);
  int finished = 0;
  for (int moment = 0; moment < 20; ++moment) {
    Child backup({stampede_binary(), "backup", to_.string(), "--data", shop_.data().string()});
    std::this_thread::sleep_for(moment * 3ms);  // the input of this test, not a wait
    backup.signal(SIGKILL);
    ASSERT_TRUE(backup.wait(kPatience));
    if (!fs::exists(to_ / "backup.json")) {
      expect_refused(restore(to_, restored_), {"no whole backup"});
      EXPECT_FALSE(fs::exists(restored_));
      continue;  // the next one begins in the same folder
    }
    ++finished;
    EXPECT_EQ(restore(to_, restored_).exit, 0);
    fs::remove_all(restored_);
    fs::remove_all(to_);
  }
  fmt::print("{} of 20 had finished\n", finished);
  fs::remove_all(to_);
  EXPECT_EQ(back_up(to_).exit, 0);
}

TEST_F(BackupTest, ARestoreThatWasCutShortIsNoNewShop) {
  open_sale();
  ASSERT_EQ(back_up(to_).exit, 0);
  fs::create_directory(restored_);
  std::ofstream(restored_ / "stampede.db.partial") << "half";
  serve_refuses(restored_, {restored_.string(), "restore", "cut short"});
  expect_refused(stampede({"product", "add", "--name", "x", "--data", restored_.string()}),
                 {"cut short"});
  EXPECT_EQ(restore(to_, restored_).exit, 0);
  EXPECT_THAT(files_in(restored_), testing::UnorderedElementsAre("stampede.db", "keys"));
}

TEST_F(BackupTest, WithoutTheLogWhatIsLeftCanBeTaken) {
  open_sale();
  buy_some(5);
  const fs::path copy = copy_files("copy", {"stampede.db", "keys"});
  EXPECT_EQ(restore(copy, restored_).exit, 1);
  EXPECT_EQ(restore(copy, restored_, {"--without-log"}).exit, 0);
  EXPECT_EQ(stampede({"audit", "--data", restored_.string()}).exit, 0);
  shop_.kill();
  const fs::path whole = copy_files("whole", {"stampede.db", "stampede.db-wal", "keys"});
  expect_refused(restore(whole, folder_.path() / "other", {"--without-log"}),
                 {"stampede.db-wal", "nothing is lost"});
}

TEST_F(BackupTest, MissingKeysAreNamed) {
  open_sale();
  shop_.stop();
  fs::rename(shop_.data() / "keys", folder_.path() / "keys");
  const std::string keys = (shop_.data() / "keys").string();
  serve_refuses(shop_.data(), {keys, "missing", "keys create"});
  expect_refused(back_up(to_), {keys, "missing"});
  EXPECT_FALSE(fs::exists(to_));
  EXPECT_FALSE(fs::exists(keys)) << "new keys end every session";
  shop_.run({"keys", "create"});
  shop_.start();
}

TEST(Backup, OfAClusterSaysWhatToUse) {
  const TempDir folder;
  const Environment cluster{{"STAMPEDE_DATABASE_ADDRESS", "127.0.0.1:1"}};
  expect_refused(stampede({"backup", (folder.path() / "to").string()}, cluster),
                 {"MariaDB at 127.0.0.1:1", "mariadb-dump --single-transaction"});
  expect_refused(stampede({"restore", "from"}, cluster), {"MariaDB at 127.0.0.1:1"});
}

}  // namespace
}  // namespace stampede::test_support
