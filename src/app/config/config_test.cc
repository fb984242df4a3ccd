#include "app/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "app/config/shapes.h"
#include "tests/support/temp_dir.h"

namespace stampede::app {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(IsOrigin, TakesWhatABrowserSends) {
  for (const char* origin :
       {"https://shop.example", "http://shop.example", "https://shop.example:8443",
        "http://localhost:8082", "http://127.0.0.1", "http://[::1]", "http://[::1]:8082"}) {
    EXPECT_TRUE(is_origin(origin)) << origin;
  }
  for (const char* other :
       {"", "shop.example", "ftp://shop.example", "https://", "https://:80", "https://Shop.example",
        "https://shop.example/", "https://shop.example:", "https://shop.example:65536",
        "https://shop.example:+1", "https://me@shop.example", "https://::1", "https://[::1",
        "https://[::1]x", "https://[::g]", "https://[127.0.0.1]", "https://[shop.example]"}) {
    EXPECT_FALSE(is_origin(other)) << other;
  }
}

TEST(IsHttpsAddress, TakesWhatALocationMayBe) {
  for (const char* address :
       {"https://pay.example", "https://pay.example/", "https://pay.example:8443/in?shop=a%20b",
        "https://pay.example?shop=a", "https://[::1]:8443/in", "http://127.0.0.1:8089/checkout",
        "http://[::1]:8089"}) {
    EXPECT_TRUE(is_checkout_address(address)) << address;
  }
  for (const char* other :
       {"", "pay.example", "http://pay.example/", "http://127.0.0.1.example/", "https://",
        "http://", "https:///in", "https://me@pay.example/", "https://pay.example/#in",
        "https://pay.example/a b", "https://pay.example/\"", "/orders",
        "https://pay.example/\r\nSet-Cookie: a=b", "https://pay.example/\u00e4"}) {
    EXPECT_FALSE(is_checkout_address(other)) << other;
  }
  EXPECT_FALSE(is_checkout_address("https://pay.example/" + std::string(2000, 'a')));
}

class ConfigTest : public testing::Test {
 protected:
  std::filesystem::path write(std::string_view text) {
    std::ofstream(path_, std::ios::binary) << text;
    chmod(path_.c_str(), 0600);
    return path_;
  }
  std::expected<LoadedConfig, ConfigErrors> load_text(std::string_view text) {
    return load_config({.file = write(text), .environment = {}, .flags = {}});
  }

  const test_support::TempDir folder_;
  const std::filesystem::path path_ = folder_.path() / "config.toml";
};

TEST_F(ConfigTest, WhatSteersATerminalIsRefusedByItsCodePoint) {
  const std::string folder = "/srv/fox\u202egnp";
  const auto expect_refused = [](const auto& loaded, const char* origin) {
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error(),
                ElementsAre(AllOf(HasSubstr("data.dir: the value"), HasSubstr(origin),
                                  HasSubstr("U+202E (right-to-left override) at byte 8"))));
  };
  expect_refused(load_text("[data]\ndir = \"" + folder + "\"\n"), ":2");
  expect_refused(load_text("[data]\ndir = \"/srv/fox\\u202egnp\"\n"), ":2");
  expect_refused(
      load_config({.file = {}, .environment = {"STAMPEDE_DATA_DIR=" + folder}, .flags = {}}),
      "environment STAMPEDE_DATA_DIR");
  expect_refused(load_config({.file = {}, .environment = {}, .flags = {{"data.dir", folder}}}),
                 "flag");
  const auto list = load_text("[http]\ntrusted_proxies = [\"10.0.0.1\", \"10.0.0.2\\u0007\"]\n");
  ASSERT_FALSE(list);
  EXPECT_THAT(list.error(), ElementsAre(HasSubstr("U+0007 (control character) at byte 8")));
}

std::string origin_of(const LoadedConfig& loaded, std::string_view key) {
  for (const Setting& setting : loaded.settings) {
    if (setting.key == key) return setting.origin;
  }
  return "no such key";
}

TEST_F(ConfigTest, NothingGivenIsTheDefaults) {
  const auto loaded = load_config({});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.http.listen, "");
  EXPECT_EQ(loaded->config.http.console, "");
  EXPECT_EQ(loaded->config.admission.check_rate, 1000);
  EXPECT_EQ(loaded->config.admission.check_burst, 1000);
  EXPECT_EQ(loaded->config.admission.product_rate, 1000);
  EXPECT_EQ(loaded->config.admission.product_burst, 10'000);
  EXPECT_EQ(loaded->config.admission.interval_seconds, 10);
  EXPECT_EQ(loaded->config.http.connections_per_address, 4096);
  EXPECT_EQ(loaded->config.data.dir, "data");
  EXPECT_EQ(loaded->config.cluster.node, "");
  EXPECT_THAT(loaded->config.cluster.quantity, ElementsAre("127.0.0.1:8084"));
  EXPECT_EQ(loaded->config.cluster.virtual_nodes, 150);
  EXPECT_THAT(loaded->config.queue.brokers, ElementsAre("127.0.0.1:5672"));
  EXPECT_EQ(loaded->config.queue.user, "guest");
  EXPECT_EQ(loaded->config.queue.vhost, "/");
  EXPECT_EQ(loaded->config.queue.name, "stampede");
  EXPECT_EQ(loaded->config.database.address, "");
  EXPECT_EQ(loaded->config.database.user, "stampede");
  EXPECT_EQ(loaded->config.database.name, "stampede");
  EXPECT_EQ(loaded->settings.size(), config_keys().size());
  EXPECT_EQ(origin_of(*loaded, "http.listen"), "default");
}

TEST_F(ConfigTest, TheEnvironmentOverridesTheFileAndFlagsOverrideBoth) {
  const auto loaded = load_config(
      {.file = write("[admission]\ncheck_rate = 1\ncheck_burst = 2.5\nproduct_rate = 3\n"
                     "[http]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n"
                     "[data]\ndir = \"/from/file\"\n"),
       .environment = {"PATH=/bin", "STAMPEDE_ADMISSION_CHECK_BURST=20", "STAMPEDE_DATA_DIR=/env",
                       "STAMPEDE_HTTP_THREADS=3"},
       .flags = {{"data.dir", "/flag"}}});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.admission.check_rate, 1);
  EXPECT_EQ(loaded->config.admission.check_burst, 20);
  EXPECT_EQ(loaded->config.admission.product_rate, 3);
  EXPECT_EQ(loaded->config.http.threads, 3);
  EXPECT_THAT(loaded->config.http.trusted_proxies, ElementsAre("10.0.0.0/8", "::1"));
  EXPECT_EQ(loaded->config.data.dir, "/flag");
  EXPECT_EQ(origin_of(*loaded, "admission.check_rate"), path_.string() + ":2");
  EXPECT_EQ(origin_of(*loaded, "admission.check_burst"),
            "environment STAMPEDE_ADMISSION_CHECK_BURST");
  EXPECT_EQ(origin_of(*loaded, "data.dir"), "flag --data");
}

TEST_F(ConfigTest, AListInTheEnvironmentIsSeparatedByCommas) {
  const auto loaded = load_config(
      {.file = {}, .environment = {"STAMPEDE_HTTP_TRUSTED_PROXIES=10.0.0.1, ::1"}, .flags = {}});
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->config.http.trusted_proxies, ElementsAre("10.0.0.1", "::1"));
  const auto none =
      load_config({.file = {}, .environment = {"STAMPEDE_HTTP_TRUSTED_PROXIES="}, .flags = {}});
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->config.http.trusted_proxies.empty());
}

// Every key takes its own default again, as the file, the environment and `show` write it.
TEST_F(ConfigTest, EveryKeyTakesWhatItShows) {
  const auto defaults = load_config({});
  ASSERT_TRUE(defaults);
  for (const Setting& setting : defaults->settings) {
    const auto dot = setting.key.find('.');
    const auto loaded = load_text("[" + setting.key.substr(0, dot) + "]\n" +
                                  setting.key.substr(dot + 1) + " = " + setting.value + "\n");
    ASSERT_TRUE(loaded) << setting.key << ": " << loaded.error().front();
    EXPECT_EQ(origin_of(*loaded, setting.key), path_.string() + ":2");
  }
}

TEST_F(ConfigTest, WhatIsShownIsToml) {
  const auto loaded =
      load_text("data.dir = \"a\\u00ad\\u200b\\\"\\\\ä\"\nadmission.check_rate = -0.0\n");
  ASSERT_TRUE(loaded) << loaded.error().front();
  const auto shown = [](const LoadedConfig& config, std::string_view key) {
    return std::ranges::find(config.settings, key, &Setting::key)->value;
  };
  EXPECT_EQ(shown(*loaded, "admission.check_rate"), "0");
  const auto again = load_text("data.dir = " + shown(*loaded, "data.dir") + "\n");
  ASSERT_TRUE(again) << again.error().front();
  EXPECT_EQ(again->config.data.dir, loaded->config.data.dir);
}

struct BadFile {
  const char* text;
  std::vector<std::string> names;  // what the one error must name
};

const BadFile kBadFiles[] = {
    {"[admission]\nchek_rate = 5\n", {"admission.chek_rate", ":2", "unknown key", "check_rate"}},
    {"[admision]\ncheck_rate = 5\n", {"admision", ":1", "unknown section", "[admission]"}},
    {"listen = \"127.0.0.1:1\"\n", {"listen", ":1", "unknown key", "[http]"}},
    {"admission = 5\n", {"admission", "5", ":1", "not a section"}},
    {"[admission]\ncheck_rate = \"fast\"\n",
     {"admission.check_rate", "fast", ":2", "a number from 0"}},
    {"[admission]\ncheck_rate = \"5\"\n", {"admission.check_rate", "5", "a number from 0"}},
    {"[admission]\ncheck_rate = true\n", {"admission.check_rate", "true", "a number from 0"}},
    {"[admission]\ncheck_rate = -1\n", {"admission.check_rate", "-1", "from 0 to 1000000000"}},
    {"[admission]\ncheck_rate = nan\n", {"admission.check_rate", "nan", "from 0"}},
    {"[admission]\ncheck_burst = 0\n", {"admission.check_burst", "0", "from 1"}},
    {"[admission]\ncheck_rate.x = 1\n", {"admission.check_rate", "a number"}},
    {"[admission]\ncheck_rate = 1979-05-27\n", {"admission.check_rate", "1979-05-27", "a number"}},
    {"[admission]\nipv6_prefix = 31\n", {"admission.ipv6_prefix", "31", "from 32 to 64"}},
    {"[admission]\nipv6_prefix = 65\n", {"admission.ipv6_prefix", "65", "from 32 to 64"}},
    {"[webhooks]\nprivate_addresses = \"yes\"\n",
     {"webhooks.private_addresses", "yes", "refused or allowed"}},
    {"[webhooks]\nprivate_addresses = true\n",
     {"webhooks.private_addresses", "refused or allowed"}},
    {"[external_challenge]\nprovider = \"Turnstile\"\n",
     {"external_challenge.provider", "Turnstile", "turnstile, hcaptcha or recaptcha"}},
    {"[external_challenge]\nsite_key = \"a b\"\n",
     {"external_challenge.site_key", "a b", "1 to 128"}},
    {"[external_challenge]\nsite_key = \"\\\"><script>\"\n",
     {"external_challenge.site_key", "1 to 128"}},
    {"[external_challenge]\nown = \"never\"\n",
     {"external_challenge.own", "never", "away or always"}},
    {"[external_challenge]\nverify_url = \"http://provider.example/verify\"\n",
     {"external_challenge.verify_url", "http://provider.example/verify", "https://"}},
    {"[external_challenge]\nverify_url = \"https://provider.example\"\n",
     {"external_challenge.verify_url", "and a path"}},
    {"[external_challenge]\nscript_url = \"https://a.example; img-src */\"\n",
     {"external_challenge.script_url", "https://"}},
    {"[external_challenge]\nscript_url = \"https://a.example/x?y\"\n",
     {"external_challenge.script_url", "https://"}},
    {"[external_challenge]\nscript_url = \"https://a:b@c.example/x\"\n",
     {"external_challenge.script_url", "https://"}},
    {"[external_challenge]\nthreads = 0\n", {"external_challenge.threads", "0", "from 1 to 256"}},
    {"[external_challenge]\nsecret = \"s\"\n",
     {"external_challenge.secret", "unknown key", "secret_file"}},
    {"[accounts]\nthreads = 0\n", {"accounts.threads", "0", ":2", "from 1 to 256"}},
    {"[accounts]\nthreads = 257\n", {"accounts.threads", "257", "from 1 to 256"}},
    {"[accounts]\nthreads = 1.5\n", {"accounts.threads", "1.5", "a whole number"}},
    {"[accounts]\nregistrations_per_address = 0\n",
     {"accounts.registrations_per_address", "0", "from 1 to 1000000"}},
    {"[accounts]\nregistrations_per_address = 1000001\n",
     {"accounts.registrations_per_address", "1000001", "from 1 to 1000000"}},
    {"[accounts]\nwrong_per_address = -1\n",
     {"accounts.wrong_per_address", "-1", "from 1 to 1000000"}},
    {"[accounts]\nwrong_per_address = 1000001\n",
     {"accounts.wrong_per_address", "1000001", "from 1 to 1000000"}},
    {"[accounts]\nwrong_per_addres = 1\n",
     {"accounts.wrong_per_addres", "unknown key", "wrong_per_address"}},
    {"[http]\nthreads = 1.5\n", {"http.threads", "1.5", "a whole number from 0 to 1024"}},
    {"[http]\nlisten = \"8082\"\n", {"http.listen", "8082", "127.0.0.1:8082"}},
    {"[http]\nlisten = \"localhost:8082\"\n", {"http.listen", "localhost", "IPv4"}},
    {"[http]\nlisten = \"127.0.0.1:65536\"\n", {"http.listen", "65536"}},
    {"[http]\nlisten = \"::1:80\"\n", {"http.listen", "::1:80", "[IPv6]"}},
    {"[http]\nlisten = \"127.0.0.1:9\"\nconsole = \"127.0.0.1:9\"\n",
     {"http.console", "http.listen"}},
    {"[http]\norigin = \"shop.example\"\n", {"http.origin", "https://shop.example"}},
    {"[http]\norigin = \"https://shop.example/\"\n", {"http.origin", "https://shop.example/"}},
    {"[http]\ntrusted_proxies = [\"10.0.0.1\", \"proxy\"]\n", {"http.trusted_proxies", "proxy"}},
    {"[http]\ntrusted_proxies = [\"10.0.0.1\\u0000x\"]\n", {"http.trusted_proxies", "U+0000"}},
    {"[http]\ntrusted_proxies = [\"10.0.0.1/8\"]\n",
     {"http.trusted_proxies", "10.0.0.1/8", "no bit set beyond the prefix"}},
    {"[http]\ntrusted_proxies = [\"0.0.0.0/0\"]\n", {"http.trusted_proxies", "0.0.0.0/0"}},
    {"[console]\norigin = \"console.example\"\n",
     {"console.origin", "console.example", "https://console.example"}},
    {"[console]\nconnections = 15\n", {"console.connections", "15", "from 16 to 1000000"}},
    {"[console]\ntotp = \"always\"\n", {"console.totp", "always", "required or optional"}},
    {"[console]\ntotp = \"\"\n", {"console.totp", "required or optional"}},
    {"[console]\ntotp = true\n", {"console.totp", "true", "required or optional"}},
    {"[http]\ntrusted_proxies = [1]\n", {"http.trusted_proxies", "a list of"}},
    {"[http]\ntrusted_proxies = \"10.0.0.1\"\n", {"http.trusted_proxies", "a list of"}},
    {"[data]\ndir = \"\"\n", {"data.dir", "directory"}},
    {"[cluster]\nnode = \"Node 1\"\n", {"cluster.node", "Node 1", "a-z 0-9 -"}},
    {"[cluster]\nnode = \"abcdefghijklmnopqrstuvwxyz0123456\"\n", {"cluster.node", "1 to 32"}},
    {"[cluster]\nadvertise = \"10.0.0.7\"\n", {"cluster.advertise", "a host and a port"}},
    {"[cluster]\nquantity = \"\"\n", {"cluster.quantity", "a host and a port"}},
    {"[cluster]\nquantity = \"10.0.0.4:0\"\n", {"cluster.quantity", "10.0.0.4:0"}},
    {"[cluster]\nvirtual_nodes = 0\n", {"cluster.virtual_nodes", "0", "from 1 to 10000"}},
    {"[queue]\nbrokers = []\n", {"queue.brokers", "[]", "one or more"}},
    {"[queue]\nbrokers = [\"broker\"]\n", {"queue.brokers", "broker", "a port"}},
    {"[queue]\nbrokers = [\"[broker]:5672\"]\n", {"queue.brokers", "[broker]"}},
    {"[queue]\nbrokers = [\"::1:5672\"]\n", {"queue.brokers", "::1:5672"}},
    {"[queue]\nbrokers = [\"a b:5672\"]\n", {"queue.brokers", "a b"}},
    {"[queue]\nuser = \"\"\n", {"queue.user", "1 to 128"}},
    {"[queue]\nname = \"a/b\"\n", {"queue.name", "a/b", "1 to 64"}},
    {"[database]\naddress = \"10.0.0.6\"\n", {"database.address", "10.0.0.6", "socket"}},
    {"[database]\naddress = \"run/socket\"\n", {"database.address", "run/socket"}},
    {"[database]\nname = \"a b\"\n", {"database.name", "a b", "1 to 64"}},
    {"[data\n", {":1", "not valid TOML"}},
    {"[data]\ndir = \"a\"\ndir = \"b\"\n", {":3", "not valid TOML"}},
    {"[data]\ndir = \"\xff\xfe\"\n", {":2", "utf-8"}},
};

TEST_F(ConfigTest, ABadFileIsRefusedWithKeyValuePlaceAndExpectation) {
  for (const BadFile& row : kBadFiles) {
    const auto loaded = load_text(row.text);
    ASSERT_FALSE(loaded) << row.text;
    ASSERT_EQ(loaded.error().size(), 1u) << row.text;
    EXPECT_THAT(loaded.error().front(), HasSubstr(path_.filename().string())) << row.text;
    for (const std::string& name : row.names) {
      EXPECT_THAT(loaded.error().front(), HasSubstr(name)) << row.text;
    }
  }
}

TEST_F(ConfigTest, ABadVariableOrFlagIsRefusedAndNamed) {
  const auto loaded = load_config({.file = {},
                                   .environment = {"STAMPEDE_ADMISSION_CHECK_RATE=5x",
                                                   "STAMPEDE_ADMISION_CHECK_RATE=5", "STAMPEDE_"},
                                   .flags = {{"http.listen", "nowhere"}, {"http.threads", ""}}});
  ASSERT_FALSE(loaded);
  EXPECT_THAT(
      loaded.error(),
      ElementsAre(
          AllOf(HasSubstr("admission.check_rate"), HasSubstr("\"5x\""),
                HasSubstr("environment STAMPEDE_ADMISSION_CHECK_RATE"), HasSubstr("a number")),
          AllOf(HasSubstr("STAMPEDE_ADMISION_CHECK_RATE"), HasSubstr("unknown key")),
          AllOf(HasSubstr("STAMPEDE_:"), HasSubstr("unknown key")),
          AllOf(HasSubstr("http.listen"), HasSubstr("nowhere"), HasSubstr("flag --listen")),
          AllOf(HasSubstr("http.threads"), HasSubstr("\"\""), HasSubstr("flag --threads"))));
}

TEST_F(ConfigTest, ABucketThatCannotBeCountedIsRefused) {
  const auto errors_of = [&](const std::string& text) {
    const auto loaded = load_config({.file = write("[admission]\n" + text)});
    return loaded ? std::vector<std::string>{} : loaded.error();
  };
  EXPECT_THAT(errors_of("check_rate = 0.001\ncheck_burst = 1000\n"), IsEmpty());
  EXPECT_THAT(errors_of("check_rate = 0.0005\n"),
              ElementsAre("admission.check_rate: 0.0005 (" + path_.string() +
                          ":2) is not 0 or at least 0.001"));
  EXPECT_THAT(errors_of("product_rate = 1\nproduct_burst = 200000000\n"),
              ElementsAre("admission.product_burst: 200000000 (" + path_.string() +
                          ":3) takes 200000000 s to fill at admission.product_rate 1; expected at "
                          "most 100000000 s"));
}

TEST_F(ConfigTest, HostNamesAndSocketsAreTaken) {
  const auto loaded = load_text(
      "[cluster]\nadvertise = \"validator-1.shop.internal:8083\"\n"
      "[queue]\nbrokers = [\"[::1]:5672\", \"broker:5672\"]\n"
      "[database]\naddress = \"/run/mysqld/mysqld.sock\"\n");
  ASSERT_TRUE(loaded) << loaded.error().front();
  EXPECT_THAT(loaded->config.queue.brokers, ElementsAre("[::1]:5672", "broker:5672"));
}

TEST_F(ConfigTest, QuantityControlIsOneAddressOrAList) {
  const auto one = load_text("[cluster]\nquantity = \"10.0.0.4:8084\"\n");
  ASSERT_TRUE(one) << one.error().front();
  EXPECT_THAT(one->config.cluster.quantity, ElementsAre("10.0.0.4:8084"));
  const auto two = load_text("[cluster]\nquantity = [\"10.0.0.4:8084\", \"quantity:8084\"]\n");
  ASSERT_TRUE(two) << two.error().front();
  EXPECT_THAT(two->config.cluster.quantity, ElementsAre("10.0.0.4:8084", "quantity:8084"));
}

TEST_F(ConfigTest, SecretsAreNeverShown) {
  const auto loaded = load_config({.file = {},
                                   .environment = {"STAMPEDE_QUEUE_PASSWORD=one-secret",
                                                   "STAMPEDE_DATABASE_PASSWORD=two-secret"},
                                   .flags = {}});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.queue.password, "one-secret");
  for (const Setting& setting : loaded->settings) {
    EXPECT_THAT(setting.value, Not(HasSubstr("secret")));
  }
  const auto too_long =
      load_config({.file = {},
                   .environment = {"STAMPEDE_QUEUE_PASSWORD=" + std::string(257, 's')},
                   .flags = {}});
  ASSERT_FALSE(too_long);
  EXPECT_THAT(too_long.error().front(),
              AllOf(HasSubstr("queue.password"), HasSubstr("256"), Not(HasSubstr("sss"))));
  const auto number = load_text("[database]\npassword = 271828\n");
  ASSERT_FALSE(number);
  EXPECT_THAT(number.error().front(),
              AllOf(HasSubstr("database.password"), Not(HasSubstr("271828"))));
}

TEST_F(ConfigTest, AFileWithAPasswordIsItsOwnersAlone) {
  const auto path = write("[database]\npassword = \"word\"\n");
  for (const mode_t mode : {0640U, 0604U, 0620U, 0644U}) {
    chmod(path.c_str(), mode);
    const auto loaded = load_config({.file = path, .environment = {}, .flags = {}});
    ASSERT_FALSE(loaded) << mode;
    EXPECT_THAT(loaded.error(),
                ElementsAre(AllOf(HasSubstr(path.string()), HasSubstr("database.password"),
                                  HasSubstr("expected mode 0600"))));
  }
  chmod(path.c_str(), 0600);
  EXPECT_TRUE(load_config({.file = path, .environment = {}, .flags = {}}));
  write("[database]\npassword = \"\"\nuser = \"shop\"\n");
  chmod(path.c_str(), 0644);
  EXPECT_TRUE(load_config({.file = path, .environment = {}, .flags = {}}));
}

TEST_F(ConfigTest, EveryErrorIsReportedAtOnce) {
  const auto loaded = load_text("[admission]\ncheck_rate = -1\nwhat = 2\n[nope]\n");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().size(), 3u);
}

TEST_F(ConfigTest, AFileThatCannotBeReadIsNamed) {
  const auto missing =
      load_config({.file = "/nonexistent/stampede.toml", .environment = {}, .flags = {}});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().front(),
              AllOf(HasSubstr("/nonexistent/stampede.toml"), HasSubstr("No such file")));
  const auto directory = load_config({.file = "/", .environment = {}, .flags = {}});
  ASSERT_FALSE(directory);
  EXPECT_THAT(directory.error().front(), HasSubstr("is a directory"));
  const auto huge = load_text(std::string(2 << 20, '#'));
  ASSERT_FALSE(huge);
  EXPECT_THAT(huge.error().front(), HasSubstr("larger than"));
}

}  // namespace
}  // namespace stampede::app
