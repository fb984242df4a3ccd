#include "app/config/role_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"

namespace stampede::app {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// A configuration with these keys, as flags give them.
using Given = std::vector<std::pair<std::string, std::string>>;

std::expected<LoadedConfig, ConfigErrors> load_for(RoleName role, const Given& given) {
  auto loaded = load_config({.file = {}, .environment = {}, .flags = given});
  if (!loaded) return loaded;
  return config_for(role, *std::move(loaded));
}

struct OwnAddresses {
  RoleName role;
  Given given;
  const char* listen;
  const char* console;
};

TEST(RoleConfig, EachRoleHasAddressesOfItsOwn) {
  const std::pair<std::string, std::string> database{"database.address", "127.0.0.1:3306"};
  const OwnAddresses rows[] = {
      {RoleName::kServe, {}, "127.0.0.1:8082", "127.0.0.1:8080"},
      {RoleName::kWeb, {database}, "127.0.0.1:8082", "127.0.0.1:8092"},
      {RoleName::kValidate, {{"cluster.node", "a"}}, "127.0.0.1:8083", "127.0.0.1:8093"},
      {RoleName::kQuantity, {database}, "127.0.0.1:8084", "127.0.0.1:8094"},
      {RoleName::kQuantity,
       {database, {"cluster.quantity", "[::1]:9"}},
       "[::1]:9",
       "127.0.0.1:8094"},
      {RoleName::kQuantity,
       {database, {"cluster.quantity", "quantity:9"}, {"http.listen", "0.0.0.0:9"}},
       "0.0.0.0:9",
       "127.0.0.1:8094"},
      {RoleName::kQuantity,
       {database,
        {"cluster.quantity", "10.0.0.4:8084,10.0.0.5:8084"},
        {"http.listen", "10.0.0.5:8084"}},
       "10.0.0.5:8084",
       "127.0.0.1:8094"},
      {RoleName::kConsume, {database}, "", "127.0.0.1:8095"},
      {RoleName::kAdmin, {database}, "", "127.0.0.1:8080"},
      {RoleName::kAdmin, {database, {"http.console", "127.0.0.1:7"}}, "", "127.0.0.1:7"},
  };
  for (const OwnAddresses& row : rows) {
    const auto loaded = load_for(row.role, row.given);
    ASSERT_TRUE(loaded) << to_string(row.role) << ": " << loaded.error().front();
    EXPECT_EQ(loaded->config.http.listen, row.listen) << to_string(row.role);
    EXPECT_EQ(loaded->config.http.console, row.console) << to_string(row.role);
  }
}

TEST(RoleConfig, SettingsSayWhoseDefaultAnAddressIs) {
  const auto loaded = load_for(RoleName::kServe, {{"http.console", "127.0.0.1:7"}});
  ASSERT_TRUE(loaded);
  for (const Setting& setting : loaded->settings) {
    if (setting.key == "http.listen") {
      EXPECT_EQ(setting.value, "\"127.0.0.1:8082\"");
      EXPECT_EQ(setting.origin, "default of serve");
    }
    if (setting.key == "http.console") {
      EXPECT_EQ(setting.origin, "flag --console");
    }
  }
}

struct Refused {
  RoleName role;
  Given given;
  std::vector<std::string> names;  // what the one error must name
};

TEST(RoleConfig, WhatAClusterMustNotStartWithIsNamed) {
  const std::pair<std::string, std::string> near{"database.address", "127.0.0.1:3306"};
  const std::pair<std::string, std::string> far{"database.address", "10.0.0.6:3306"};
  const std::pair<std::string, std::string> brokers{"queue.brokers",
                                                    "127.0.0.1:5672,10.0.0.5:5672"};
  const std::pair<std::string, std::string> node{"cluster.node", "a"};
  const std::vector<std::string> address{"database.address", "\"\" (default)", "MariaDB"};
  const std::vector<std::string> empty{"database.password", "(default)", "10.0.0.6:3306",
                                       "expected a secret"};
  const std::vector<std::string> guest{"queue.password", "(hidden)", "10.0.0.5:5672",
                                       "expected a secret"};
  const Refused rows[] = {
      {RoleName::kServe, {near}, {"database.address", "127.0.0.1:3306", "serve"}},
      {RoleName::kServe,
       {{"http.listen", "127.0.0.1:8080"}},
       {"http.console", "127.0.0.1:8080", "default of serve"}},
      {RoleName::kWeb, {}, address},
      {RoleName::kQuantity, {}, address},
      {RoleName::kConsume, {}, address},
      {RoleName::kAdmin, {}, address},
      {RoleName::kWeb, {far}, empty},
      {RoleName::kQuantity, {far}, empty},
      {RoleName::kConsume, {far}, empty},
      {RoleName::kAdmin, {far}, empty},
      {RoleName::kWeb, {{"database.address", "database:3306"}}, {"database.password", "database"}},
      {RoleName::kValidate, {node, brokers}, guest},
      {RoleName::kQuantity, {near, brokers}, guest},
      {RoleName::kConsume, {near, brokers}, guest},
      {RoleName::kAdmin, {near, brokers}, guest},
      {RoleName::kConsume, {near, brokers, {"queue.password", ""}}, {"queue.password", "\"\""}},
      {RoleName::kValidate, {}, {"cluster.node", "\"\" (default)", "expected one"}},
      {RoleName::kValidate,
       {node, {"http.listen", "0.0.0.0:8083"}},
       {"cluster.advertise", "\"\" (default)", "0.0.0.0:8083"}},
      {RoleName::kValidate,
       {node, {"http.listen", "[::]:8083"}},
       {"cluster.advertise", "[::]:8083"}},
      {RoleName::kQuantity,
       {near, {"cluster.quantity", "quantity:8084"}},
       {"cluster.quantity", "quantity:8084", "http.listen"}},
      {RoleName::kQuantity,
       {near, {"cluster.quantity", "10.0.0.4:8084,10.0.0.5:8084"}},
       {"cluster.quantity", "10.0.0.5:8084", "names several", "http.listen"}},
      {RoleName::kWeb, {near, {"http.listen", "127.0.0.1:8092"}}, {"http.console", "web"}},
  };
  for (const Refused& row : rows) {
    const auto loaded = load_for(row.role, row.given);
    ASSERT_FALSE(loaded) << to_string(row.role) << " takes what should have been refused for "
                         << row.names.front();
    ASSERT_EQ(loaded.error().size(), 1u) << to_string(row.role);
    for (const std::string& name : row.names) {
      EXPECT_THAT(loaded.error().front(), HasSubstr(name)) << to_string(row.role);
    }
  }
}

TEST(RoleConfig, WithASecretOrOnLoopbackItStarts) {
  EXPECT_TRUE(load_for(RoleName::kConsume, {{"database.address", "10.0.0.6:3306"},
                                            {"database.password", "one"},
                                            {"queue.brokers", "10.0.0.5:5672"},
                                            {"queue.password", "two"}}));
  EXPECT_TRUE(load_for(RoleName::kConsume, {{"database.address", "/run/mysqld/mysqld.sock"},
                                            {"queue.brokers", "[::1]:1,localhost:2,127.1.2.3:3"}}));
  EXPECT_TRUE(load_for(RoleName::kValidate, {{"cluster.node", "a"},
                                             {"http.listen", "0.0.0.0:8083"},
                                             {"cluster.advertise", "10.0.0.7:8083"}}));
  // web speaks with no broker
  EXPECT_TRUE(load_for(RoleName::kWeb, {{"database.address", "127.0.0.1:3306"},
                                        {"queue.brokers", "10.0.0.5:5672"}}));
}

TEST(RoleConfig, EveryReasonIsToldAtOnce) {
  const auto loaded = load_for(RoleName::kValidate, {{"queue.brokers", "10.0.0.5:5672"}});
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error(), ElementsAre(HasSubstr("cluster.node"), HasSubstr("queue.password")));
}

TEST(RoleConfig, RolesHaveNames) {
  for (const RoleName role : {RoleName::kServe, RoleName::kWeb, RoleName::kValidate,
                              RoleName::kQuantity, RoleName::kConsume, RoleName::kAdmin}) {
    EXPECT_EQ(role_named(to_string(role)), role);
  }
  EXPECT_EQ(role_named("cook"), std::nullopt);
}

TEST(RoleConfig, ACertificateComesWithItsKey) {
  const std::string own = "/etc/stampede/own.pem";
  for (const std::string prefix : {"tls.", "tls.console_"}) {
    const auto alone = load_for(RoleName::kServe, {{prefix + "certificate", own}});
    ASSERT_FALSE(alone);
    EXPECT_THAT(alone.error(), ElementsAre(AllOf(HasSubstr(prefix + "key"),
                                                 HasSubstr(prefix + "certificate is given"))));
    const auto key = load_for(RoleName::kServe, {{prefix + "key", own}});
    ASSERT_FALSE(key);
    EXPECT_THAT(key.error(), ElementsAre(HasSubstr(prefix + "certificate: \"\"")));
    EXPECT_TRUE(load_for(RoleName::kServe, {{prefix + "certificate", own}, {prefix + "key", own}}));
  }
}

TEST(RoleConfig, TlsIsForListenersThatSpeakIt) {
  const std::string own = "/etc/stampede/own.pem";
  const std::pair<std::string, std::string> database{"database.address", "127.0.0.1:3306"};
  const auto takes = [&](RoleName role, const std::string& prefix) {
    return load_for(role, {database,
                           {"cluster.node", "a"},
                           {prefix + "certificate", own},
                           {prefix + "key", own}})
        .has_value();
  };
  EXPECT_TRUE(takes(RoleName::kWeb, "tls."));
  EXPECT_FALSE(takes(RoleName::kWeb, "tls.console_"));
  EXPECT_FALSE(takes(RoleName::kAdmin, "tls."));
  EXPECT_TRUE(takes(RoleName::kAdmin, "tls.console_"));
  for (const RoleName role : {RoleName::kValidate, RoleName::kQuantity, RoleName::kConsume}) {
    EXPECT_FALSE(takes(role, "tls.")) << to_string(role);
    EXPECT_FALSE(takes(role, "tls.console_")) << to_string(role);
  }
}

class PaymentConfig : public testing::Test {
 protected:
  std::string secret_file(const std::string& text, std::filesystem::perms mode = kPrivate) {
    const auto path = folder_.path() / "secret";
    std::filesystem::remove(path);
    std::ofstream(path) << text;
    std::filesystem::permissions(path, mode);
    return path.string();
  }
  static std::expected<LoadedConfig, ConfigErrors> load(const std::string& file,
                                                        RoleName role = RoleName::kServe) {
    return load_for(role, {{"payment.checkout_url", "https://pay.example/in"},
                           {"payment.secret_file", file},
                           {"database.address", role == RoleName::kServe ? "" : "127.0.0.1:3306"},
                           {"cluster.node", "a"}});
  }
  void expect_refused(const std::string& file, const std::string& why) {
    const auto loaded = load(file);
    ASSERT_FALSE(loaded) << why;
    EXPECT_THAT(loaded.error(),
                ElementsAre(AllOf(HasSubstr("payment.secret_file: "), HasSubstr(why))));
    EXPECT_THAT(loaded.error().front(), testing::Not(HasSubstr("kkk"))) << "the secret";
  }

  static constexpr std::filesystem::perms kPrivate =
      std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
  test_support::TempDir folder_;
};

TEST_F(PaymentConfig, TheSecretIsReadFromItsFile) {
  const std::string secret(32, 'k');
  for (const char* end : {"", "\n", "\r\n"}) {
    const auto loaded = load(secret_file(secret + end));
    ASSERT_TRUE(loaded) << loaded.error().front();
    EXPECT_EQ(loaded->config.payment.secret, secret);
    EXPECT_EQ(loaded->config.payment.checkout_url, "https://pay.example/in");
  }
  EXPECT_TRUE(load(secret_file(secret), RoleName::kWeb));
  EXPECT_EQ(load_for(RoleName::kServe, {})->config.payment.secret, "");
}

TEST_F(PaymentConfig, AFileThatHoldsNoSecretIsRefused) {
  expect_refused(secret_file(std::string(31, 'k')), "31 characters; expected 32 to 1024");
  expect_refused(secret_file(std::string(1025, 'k')), "holds no secret");
  expect_refused(secret_file(std::string(32, 'k'), kPrivate | std::filesystem::perms::group_read),
                 "mode 0640; expected 0600");
  expect_refused((folder_.path() / "none").string(), "cannot be opened");
  expect_refused(folder_.path().string(), "is not a regular file");
}

TEST_F(PaymentConfig, AnAddressComesWithItsSecretAndForRolesWithPages) {
  const std::string file = secret_file(std::string(32, 'k'));
  const auto alone =
      load_for(RoleName::kServe, {{"payment.checkout_url", "https://pay.example/in"}});
  ASSERT_FALSE(alone);
  EXPECT_THAT(alone.error(), ElementsAre(HasSubstr("payment.secret_file: \"\"")));
  const auto secret = load_for(RoleName::kServe, {{"payment.secret_file", file}});
  ASSERT_FALSE(secret);
  EXPECT_THAT(secret.error(), ElementsAre(HasSubstr("payment.checkout_url: \"\"")));
  for (const RoleName role :
       {RoleName::kValidate, RoleName::kQuantity, RoleName::kConsume, RoleName::kAdmin}) {
    const auto loaded = load(file, role);
    ASSERT_FALSE(loaded) << to_string(role);
    EXPECT_THAT(loaded.error(), ElementsAre(HasSubstr("shows no pages to buyers")));
  }
}

TEST(RoleConfig, AShopWithACertificateHasNoOriginOfPlainHttp) {
  const Given tls{{"tls.certificate", "own.pem"}, {"tls.key", "key.pem"}};
  Given plain = tls;
  plain.emplace_back("http.origin", "http://shop.example");
  const auto refused = load_for(RoleName::kServe, plain);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), ElementsAre(HasSubstr("http.origin: \"http://shop.example\"")));
  Given right = tls;
  right.emplace_back("http.origin", "https://shop.example");
  EXPECT_TRUE(load_for(RoleName::kServe, right));
}

TEST(RoleConfig, AnExternalChallengeIsConfiguredWhole) {
  const Given whole{{"external_challenge.provider", "turnstile"},
                    {"external_challenge.site_key", "key"},
                    {"external_challenge.secret_file", "secret"},
                    {"http.origin", "https://shop.example"}};
  EXPECT_TRUE(load_for(RoleName::kServe, whole));
  for (const auto& left_out : whole) {
    Given given = whole;
    std::erase(given, left_out);
    const auto refused = load_for(RoleName::kServe, given);
    ASSERT_FALSE(refused) << left_out.first;
    EXPECT_THAT(refused.error(), ElementsAre(AllOf(HasSubstr(left_out.first + ": \"\" (default)"),
                                                   HasSubstr("expected"))));
  }
  const Given database{{"database.address", "127.0.0.1:3306"}};
  Given of_web = database;
  of_web.emplace_back("external_challenge.provider", "hcaptcha");
  EXPECT_FALSE(load_for(RoleName::kWeb, of_web));
  EXPECT_TRUE(load_for(RoleName::kConsume, of_web)) << "it gives nobody a captcha";
}

}  // namespace
}  // namespace stampede::app
