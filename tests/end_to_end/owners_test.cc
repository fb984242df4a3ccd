// The files of a shop belong to the account of its data directory, whichever commands root ran.
// Needs root.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr uid_t kOwner = 47'110;  // an account that no machine knows by name
constexpr gid_t kGroup = 47'111;

/// A folder of that account in one that it can reach.
class OwnersTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(geteuid(), 0U) << "root alone can give files away: run this test as root";
    fs::permissions(folder_.path(), fs::perms{0711});
    make(data_);
    make(backups_);
  }
  static void make(const fs::path& dir) {
    fs::create_directory(dir);
    ASSERT_EQ(chown(dir.c_str(), kOwner, kGroup), 0);
    fs::permissions(dir, fs::perms{0700});
  }
  CommandResult run(std::vector<std::string> words) const {
    words.insert(words.begin(), stampede_binary());
    words.insert(words.end(), {"--data", data_.string()});
    return run_command(words);
  }
  void expect_done(const std::vector<std::string>& words) const {
    const CommandResult result = run(words);
    EXPECT_EQ(result.exit, 0) << words[0] << ' ' << words[1] << ": " << result.err;
    EXPECT_THAT(result.err, HasSubstr(fmt::format("acts as {}", kOwner)));
  }
  /// Names of files are returned, so that a test can say that it has seen some.
  static std::vector<std::string> expect_owned(const fs::path& dir) {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(dir)) {
      struct stat status {};
      if (lstat(entry.path().c_str(), &status) != 0) continue;  // removed meanwhile
      names.push_back(entry.path().filename().string());
      EXPECT_EQ(status.st_uid, kOwner) << entry.path();
      EXPECT_EQ(status.st_gid, kGroup) << entry.path();
    }
    return names;
  }

  TempDir folder_;
  fs::path data_ = folder_.path() / "data";
  fs::path backups_ = folder_.path() / "backups";
};

TEST_F(OwnersTest, CommandsOfRootLeaveEveryFileToTheOwnerOfTheDirectory) {
  expect_done({"product", "add", "--name", "Lamp"});
  expect_done({"sale", "create", "--product", "1", "--price-cents", "1", "--quantity", "3"});
  EXPECT_THAT(expect_owned(data_), testing::IsSupersetOf({"keys", "stampede.db"}));
  {
    // Root starts the shop by hand, and works on it while it runs.
    const Shop shop(data_, {});
    expect_done({"user", "add", "lena"});
    expect_done({"keys", "rotate"});
    expect_done({"mint", "--users", "10-12"});
    EXPECT_THAT(expect_owned(data_), testing::IsSupersetOf({"keys", "lock", "stampede.db",
                                                            "stampede.db-wal", "stampede.db-shm"}));
    const CommandResult log = run_command(
        {"sqlite3", (data_ / "stampede.db").string(), "SELECT DISTINCT actor FROM audit_log"});
    EXPECT_EQ(log.out, "cli:root\n") << "that it was root is not forgotten: " << log.err;
  }
  expect_done({"backup", (backups_ / "first").string()});
  EXPECT_THAT(expect_owned(backups_),
              testing::IsSupersetOf({"keys", "stampede.db", "backup.json"}));
  const fs::path before = data_;
  data_ = backups_ / "restored";  // not there yet
  expect_done({"restore", (backups_ / "first").string()});
  expect_done({"user", "list"});
  EXPECT_THAT(expect_owned(data_), testing::IsSupersetOf({"keys", "stampede.db"}));
}

/// As `install -d -o ACCOUNT` makes it.
TEST_F(OwnersTest, InADirectoryOfRootsGroupNothingIsDoneInThatGroup) {
  const passwd* const nobody = getpwnam("nobody");
  ASSERT_NE(nobody, nullptr);
  ASSERT_EQ(chown(data_.c_str(), nobody->pw_uid, 0), 0);
  EXPECT_EQ(run({"product", "add", "--name", "Lamp"}).exit, 0);
  struct stat status {};
  ASSERT_EQ(stat((data_ / "keys").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, nobody->pw_uid);
  EXPECT_EQ(status.st_gid, nobody->pw_gid);
}

TEST_F(OwnersTest, ANewDirectoryWithASlashBelongsToTheOwnerOfItsFolder) {
  data_ = data_ / "new" / "";
  expect_done({"product", "add", "--name", "Lamp"});
  EXPECT_THAT(expect_owned(data_), testing::Contains("keys"));
}

TEST_F(OwnersTest, RootFollowsNoLinkThatTheOwnerCouldNotFollow) {
  const fs::path target = folder_.path() / "of-root";
  std::ofstream(target) << "untouched";
  fs::permissions(target, fs::perms{0600});
  const fs::path link = data_ / "lock";
  fs::create_symlink(target, link);
  ASSERT_EQ(lchown(link.c_str(), kOwner, kGroup), 0);
  const CommandResult result =
      run({"serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"});
  EXPECT_EQ(result.exit, 2) << result.err;
  EXPECT_THAT(result.err, AllOf(HasSubstr(link.string()), HasSubstr("Permission denied")));
  std::stringstream content;
  content << std::ifstream(target).rdbuf();
  EXPECT_EQ(content.str(), "untouched");
}

TEST_F(OwnersTest, AFileOfAnotherAccountIsNamed) {
  expect_done({"product", "add", "--name", "Lamp"});
  ASSERT_EQ(chown((data_ / "keys").c_str(), 0, 0), 0);
  const CommandResult result =
      run({"serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"});
  EXPECT_EQ(result.exit, 2) << "a restart does not mend it";
  EXPECT_THAT(result.err, AllOf(HasSubstr((data_ / "keys").string()), HasSubstr("chown")));
}

}  // namespace
}  // namespace stampede::test_support
