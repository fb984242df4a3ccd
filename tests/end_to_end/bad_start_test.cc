// What `stampede serve` refuses to start with, and what it says then.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using std::filesystem::path;

std::vector<std::string> serve(const path& data) {
  return {stampede_binary(), "serve",       "--data",    data.string(),
          "--listen",        "127.0.0.1:0", "--console", "127.0.0.1:0"};
}

/// systemd starts a role again after any other exit code than this one
/// (deploy/systemd/stampede@.service).
constexpr int kNotToBeRetried = 2;
constexpr int kPerhapsLater = 1;

/// `stampede ...` ends at once, with that exit code and every word on standard error.
void expect_refused(const std::vector<std::string>& arguments, const std::vector<std::string>& says,
                    int exit = kNotToBeRetried, const Environment& environment = {}) {
  const CommandResult result = run_command(arguments, environment, std::chrono::seconds{30});
  EXPECT_EQ(result.exit, exit) << result.err;
  EXPECT_THAT(result.out, testing::Not(testing::HasSubstr("ready")));
  for (const std::string& word : says) EXPECT_THAT(result.err, testing::HasSubstr(word));
}

class BadConfig : public testing::Test {
 protected:
  void expect_config_refused(const std::string& toml, const std::vector<std::string>& says) {
    const path file = folder_.path() / "stampede.toml";
    std::ofstream(file, std::ios::trunc) << toml;
    SCOPED_TRACE(toml);
    expect_refused({stampede_binary(), "serve", "--config", file.string()}, says);
    expect_refused({stampede_binary(), "config", "check", "--config", file.string()}, says);
    EXPECT_FALSE(std::filesystem::exists(folder_.path() / "data")) << "something was started";
  }
  std::string with_data(const std::string& toml) const {
    return fmt::format("{}\n[data]\ndir = \"{}\"\n", toml, (folder_.path() / "data").string());
  }

  TempDir folder_;
};

TEST_F(BadConfig, UnknownKeysAreNamed) {
  expect_config_refused(with_data("[admission]\nchek_rate = 5"), {"chek_rate"});
  expect_config_refused(with_data("[admision]\ncheck_rate = 5"), {"admision"});
  expect_config_refused(with_data("colour = 'blue'"), {"colour"});
}

TEST_F(BadConfig, ASecretThatOthersCanReadIsRefused) {
  const path secret = folder_.path() / "secret";
  std::ofstream(secret) << "the-secret\n";
  const std::string toml = fmt::format(
      "[http]\norigin = \"https://shop.example\"\n[external_challenge]\nprovider = "
      "\"turnstile\"\nsite_key = \"key\"\nsecret_file = \"{}\"",
      secret.string());
  ::chmod(secret.c_str(), 0640);
  expect_config_refused(with_data(toml), {"external_challenge.secret_file", "mode 0640", "0600"});
  std::filesystem::remove(secret);
  expect_config_refused(with_data(toml), {"external_challenge.secret_file", "cannot be opened"});
}

TEST_F(BadConfig, WrongTypesAreNamedWithTheExpectedOne) {
  expect_config_refused(with_data("[admission]\ncheck_rate = \"fast\""), {"check_rate", "fast"});
  expect_config_refused(with_data("[admission]\ninterval_seconds = true"), {"interval_seconds"});
  expect_config_refused(with_data("[http]\nlisten = 8082"), {"listen", "8082"});
  expect_config_refused(with_data("[http]\ntrusted_proxies = \"::1\""), {"trusted_proxies"});
  expect_config_refused(with_data("http = 5"), {"http"});
}

TEST_F(BadConfig, ValuesOutOfRangeAreNamed) {
  expect_config_refused(with_data("[admission]\ncheck_rate = -1"), {"check_rate", "-1"});
  expect_config_refused(with_data("[admission]\ncheck_burst = 0"), {"check_burst", "0"});
  expect_config_refused(with_data("[http]\nthreads = 100000"), {"threads", "100000"});
  expect_config_refused(with_data("[http]\nlisten = \"127.0.0.1:65536\""), {"listen", "65536"});
  expect_config_refused(with_data("[http]\nlisten = \"localhost\""), {"listen", "localhost"});
  expect_config_refused(with_data("[http]\norigin = \"shop.example\""), {"origin", "shop.example"});
}

TEST_F(BadConfig, BrokenAndMissingFiles) {
  expect_config_refused("[http\nlisten = ", {"stampede.toml"});
  expect_refused({stampede_binary(), "serve", "--config", "/nonexistent/stampede.toml"},
                 {"/nonexistent/stampede.toml"});
}

TEST_F(BadConfig, EnvironmentAndFlagsAreCheckedToo) {
  const path data = folder_.path() / "data";
  expect_refused(serve(data), {"STAMPEDE_ADMISSION_CHECK_RATE", "fast"}, kNotToBeRetried,
                 {{"STAMPEDE_ADMISSION_CHECK_RATE", "fast"}});
  expect_refused(serve(data), {"STAMPEDE_ADMISION_CHECK_RATE"}, kNotToBeRetried,
                 {{"STAMPEDE_ADMISION_CHECK_RATE", "5"}});
  expect_refused({stampede_binary(), "serve", "--data", data.string(), "--listen", "nowhere:x"},
                 {"listen", "nowhere:x"});
  expect_refused({stampede_binary(), "serve", "--dtaa", data.string()}, {"--dtaa"});
  expect_refused({stampede_binary(), "srve"}, {"srve"});
}

TEST(BadStart, ATakenPortIsNamed) {
  Shop shop;
  const TempDir other;
  const std::string taken = fmt::format("127.0.0.1:{}", shop.port());
  expect_refused({stampede_binary(), "serve", "--data", other.path().string(), "--listen", taken,
                  "--console", "127.0.0.1:0"},
                 {taken}, kPerhapsLater);
  const std::string console = fmt::format("127.0.0.1:{}", shop.server().console_port());
  expect_refused({stampede_binary(), "serve", "--data", other.path().string(), "--listen",
                  "127.0.0.1:0", "--console", console},
                 {console}, kPerhapsLater);
}

TEST(BadStart, ASecondServerOnTheSameDataIsRefused) {
  Shop shop;
  expect_refused(serve(shop.data()), {shop.data().string()}, kPerhapsLater);
  const ProductId lamp = shop.open_sale();
  EXPECT_EQ(shop.buyer(1).buy(lamp, fresh_key()).status, 201);
}

TEST(BadStart, AKeyFileThatOthersCanReadIsRefused) {
  Shop shop;
  shop.stop();
  const path key_file = shop.data() / "keys";
  struct stat status {};
  ASSERT_EQ(stat(key_file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  ASSERT_EQ(chmod(key_file.c_str(), 0644), 0);
  expect_refused(serve(shop.data()), {key_file.string(), "0600"});
  expect_refused({stampede_binary(), "mint", "--users", "1-1", "--data", shop.data().string()},
                 {key_file.string()}, kPerhapsLater);
  ASSERT_EQ(chmod(key_file.c_str(), 0600), 0);
  shop.start();
  EXPECT_EQ(shop.stop(), 0);
  std::filesystem::resize_file(key_file, 7);
  expect_refused(serve(shop.data()), {key_file.string()});
}

TEST(BadStart, ADatabaseFromANewerVersionIsRefusedAndLeftAlone) {
  Shop shop;
  shop.stop();
  const path database = shop.data() / "stampede.db";
  const CommandResult newer =
      run_command({"sqlite3", database.string(),
                   "INSERT INTO schema_version VALUES (1000, 'from the future')"});
  ASSERT_EQ(newer.exit, 0) << newer.err;
  expect_refused(serve(shop.data()), {"1000", "newer"}, kPerhapsLater);
  EXPECT_NE(shop.try_run({"sale", "list"}).exit, 0);
}

TEST(BadStart, ADatabaseWithoutItsKeys) {
  Shop shop;
  shop.stop();
  std::filesystem::remove(shop.data() / "keys");
  expect_refused(serve(shop.data()), {(shop.data() / "keys").string(), "missing"});
}

TEST(BadStart, EveryRoleRefusesABadConfigurationForGood) {
  const TempDir folder;
  const path file = folder.path() / "bad.toml";
  for (const char* role : {"serve", "web", "validate", "quantity", "consume", "admin"}) {
    for (const char* toml : {"[htpp]", "[http]\nthreads = -1", "[http", "[queue]\nbrokers = []",
                             "[http]\nlisten = '127.0.0.1:1'\nconsole = '127.0.0.1:1'"}) {
      SCOPED_TRACE(fmt::format("{}: {}", role, toml));
      std::ofstream(file, std::ios::trunc) << toml;
      expect_refused({stampede_binary(), role, "--config", file.string()}, {file.string()});
    }
  }
}

/// Keys and passwords stay out of core files, however the program was started.
TEST(BadStart, NoCoreFileIsWritten) {
  Shop shop;
  std::ifstream limits(fmt::format("/proc/{}/limits", shop.server().pid()));
  const std::string text{std::istreambuf_iterator<char>(limits), {}};
  EXPECT_THAT(text, testing::ContainsRegex("Max core file size +0 +0 "));
}

TEST(BadStart, AFolderThatCannotBeWritten) {
  expect_refused(serve("/proc/stampede"), {"/proc/stampede"});
}

}  // namespace
}  // namespace stampede::test_support
