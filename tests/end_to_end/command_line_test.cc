// The command line itself: help, exit codes, configuration, and the audit's verdict on planted
// breaches. What the commands do to a running shop is in operations_test.cc.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"

namespace stampede::test_support {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using Words = std::vector<std::string>;

CommandResult stampede(Words arguments, const Environment& environment = {}) {
  arguments.insert(arguments.begin(), stampede_binary());
  return run_command(arguments, environment);
}

TEST(CommandLine, EveryCommandHelps) {
  const Words commands[] = {
      {},
      {"serve"},
      {"product"},
      {"product", "add"},
      {"product", "change"},
      {"product", "list"},
      {"product", "picture"},
      {"product", "picture", "add"},
      {"product", "picture", "list"},
      {"product", "picture", "remove"},
      {"sale"},
      {"sale", "create"},
      {"sale", "list"},
      {"sale", "show"},
      {"sale", "change"},
      {"sale", "add-stock"},
      {"sale", "end"},
      {"user"},
      {"user", "add"},
      {"user", "list"},
      {"user", "ban"},
      {"user", "unban"},
      {"user", "password"},
      {"operator"},
      {"operator", "add"},
      {"operator", "list"},
      {"operator", "role"},
      {"operator", "totp"},
      {"token"},
      {"token", "create"},
      {"token", "list"},
      {"token", "revoke"},
      {"webhook"},
      {"webhook", "add"},
      {"webhook", "list"},
      {"webhook", "remove"},
      {"webhook", "rotate"},
      {"webhook", "enable"},
      {"webhook", "replay"},
      {"webhook", "log"},
      {"keys"},
      {"keys", "rotate"},
      {"config"},
      {"config", "check"},
      {"mint"},
      {"audit"},
      {"backup"},
      {"restore"},
      {"pages"},
  };
  for (Words command : commands) {
    const std::string name = fmt::format("{}", fmt::join(command, " "));
    command.emplace_back("--help");
    const CommandResult result = stampede(command);
    EXPECT_EQ(result.exit, 0) << name;
    EXPECT_THAT(result.out, HasSubstr("Usage: stampede " + name)) << name;
    EXPECT_EQ(result.err, "") << name;
  }
}

TEST(CommandLine, TheVersionIsTold) {
  const CommandResult result = stampede({"--version"});
  EXPECT_EQ(result.exit, 0);
  EXPECT_THAT(result.out, StartsWith("stampede "));
}

TEST(CommandLine, WhatCannotBeUnderstoodExitsWithTwoAndIsNamed) {
  const std::pair<Words, const char*> rows[] = {
      {{}, "A command is required"},
      {{"sale"}, "A command after `sale` is required"},
      {{"srve"}, "srve"},
      {{"sale", "creat"}, "creat"},
      {{"product", "list", "sale", "list"}, "sale"},
      {{"product", "list", "add", "--name", "x"}, "add"},
      {{"product", "add"}, "--name is required"},
      {{"product", "list", "--jsno"}, "--jsno"},
      {{"product", "picture"}, "A command after `picture` is required"},
      {{"product", "change", "1", "--list-price-cents", "19.99"}, "--list-price-cents: \"19.99\""},
      {{"product", "change", "1", "--list-price-cents", "5", "--no-list-price"}, "excludes"},
      {{"sale", "change", "1", "--quantity", "-1"}, "--quantity: \"-1\""},
      {{"sale", "change", "1", "--captcha", "--no-captcha"}, "excludes"},
      {{"sale", "add-stock", "1"}, "units is required"},
      {{"sale", "create", "--product", "0x1"}, "--product: \"0x1\""},
      {{"user", "list", "--limit", "0"}, "--limit: \"0\""},
      {{"user", "list", "--role", "admin"}, "--role: \"admin\""},
      {{"user", "ban", "bob", "--for", "5w"}, "--for: \"5w\""},
      {{"mint", "--users", "9-1"}, "--users: \"9-1\""},
      {{"mint", "--users", "1-2", "--product", "1"}, "--key or --key-prefix"},
      {{"mint", "--users", "1-2", "--product", "1", "--key", "short"}, "--key: \"short\""},
      {{"mint", "--users", "1-2", "--product", "1", "--key-prefix", "a b"},
       "--key-prefix: \"a b\""},
      {{"token", "create", "shop"}, "--scope is required"},
      {{"token", "create", "shop", "--scope", "orders"}, "--scope: \"orders\""},
      {{"webhook", "add"}, "url is required"},
      {{"webhook", "add", "https://a.example/", "--events", "order.paid,order.sold"},
       "--events: \"order.sold\""},
      {{"webhook", "remove", "0"}, "webhook: \"0\""},
      {{"webhook", "replay", "1", "--from-order", "2", "--from-start"}, "excludes"},
      {{"audit", "--answers", "file"}, "--demand"},
      {{"audit", "--demand", "5"}, "--answers"},
  };
  for (const auto& [arguments, says] : rows) {
    const CommandResult result = stampede(arguments);
    EXPECT_EQ(result.exit, 2) << says;
    EXPECT_EQ(result.out, "") << says;
    EXPECT_THAT(result.err, AllOf(StartsWith("stampede: "), HasSubstr(says)));
  }
}

TEST(CommandLine, WithoutADataDirectoryACommandSaysSo) {
  const TempDir folder;
  const std::string data = (folder.path() / "data").string();
  for (const Words& command : {Words{"product", "list"},
                               {"sale", "list"},
                               {"user", "list"},
                               {"keys", "rotate"},
                               {"audit"},
                               {"mint", "--users", "1-2"}}) {
    Words arguments = command;
    arguments.insert(arguments.end(), {"--data", data});
    const CommandResult result = stampede(arguments);
    EXPECT_EQ(result.exit, 1) << command[0];
    EXPECT_THAT(result.err, AllOf(HasSubstr(data), HasSubstr("no Stampede database")));
  }
  EXPECT_FALSE(std::filesystem::exists(data));
}

TEST(ConfigCheck, ShowsEveryValueAndWhereItComesFrom) {
  const TempDir folder;
  const std::string file = (folder.path() / "shop.toml").string();
  std::ofstream(file) << "[admission]\ncheck_rate = 5\n";
  const CommandResult result =
      stampede({"config", "check", "--config", file, "--listen", "[::1]:1"},
               {{"STAMPEDE_HTTP_THREADS", "3"}});
  EXPECT_EQ(result.exit, 0) << result.err;
  EXPECT_THAT(result.out, testing::ContainsRegex("admission.check_rate +5 +" + file + ":2"));
  EXPECT_THAT(result.out, testing::ContainsRegex("http.threads +3 +environment"));
  EXPECT_THAT(result.out, testing::ContainsRegex("http.listen +\"\\[::1\\]:1\" +flag --listen"));
  EXPECT_THAT(result.out, testing::ContainsRegex("http.console +\"\" +default"));
}

TEST(ConfigCheck, ForARoleItAddsWhatIsTheRolesOwn) {
  const CommandResult serve = stampede({"config", "check", "--role", "serve"});
  EXPECT_EQ(serve.exit, 0) << serve.err;
  EXPECT_THAT(serve.out,
              testing::ContainsRegex("http.console +\"127.0.0.1:8080\" +default of serve"));
  const CommandResult secrets =
      stampede({"config", "check"},
               {{"STAMPEDE_QUEUE_PASSWORD", "hush"}, {"STAMPEDE_DATABASE_PASSWORD", "hush"}});
  EXPECT_EQ(secrets.exit, 0) << secrets.err;
  EXPECT_THAT(secrets.out, testing::Not(HasSubstr("hush")));
  const CommandResult unknown = stampede({"config", "check", "--role", "cook"});
  EXPECT_EQ(unknown.exit, 2);
  EXPECT_THAT(unknown.err, AllOf(HasSubstr("cook"), HasSubstr("serve, web, validate")));
}

TEST(ConfigCheck, WhatARoleLacksIsNamedByItAndByTheCheck) {
  const std::pair<const char*, const char*> rows[] = {{"web", "database.address"},
                                                      {"validate", "cluster.node"},
                                                      {"quantity", "database.address"},
                                                      {"consume", "database.address"},
                                                      {"admin", "database.address"}};
  for (const auto& [role, lacking] : rows) {
    for (const Words& words : {Words{role}, Words{"config", "check", "--role", role}}) {
      const CommandResult result = stampede(words);
      EXPECT_EQ(result.exit, 2) << role;
      EXPECT_THAT(result.err, AllOf(HasSubstr(lacking), HasSubstr("expected"))) << role;
    }
  }
}

TEST(ConfigCheck, NamesEveryErrorAtOnce) {
  const TempDir folder;
  const std::string file = (folder.path() / "shop.toml").string();
  std::ofstream(file) << "[admission]\nchek_rate = 5\ncheck_burst = 'much'\n";
  const CommandResult result = stampede({"config", "check", "--config", file, "--threads", "x"});
  EXPECT_EQ(result.exit, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, AllOf(HasSubstr("admission.chek_rate"), HasSubstr(file + ":2"),
                                HasSubstr("admission.check_burst"), HasSubstr(file + ":3"),
                                HasSubstr("http.threads: \"x\" (flag --threads)")));
}

TEST(ConfigCheck, NamesAKeyFileThatTheShopCouldNotUse) {
  const TempDir folder;
  const std::string keys = (folder.path() / "keys").string();
  const Words check = {"config", "check", "--data", folder.path().string()};
  EXPECT_EQ(stampede(check).exit, 0) << "there may be no keys yet";
  std::ofstream(keys) << "nonsense\n";
  std::filesystem::permissions(keys, std::filesystem::perms::owner_read);
  const CommandResult result = stampede(check);
  EXPECT_EQ(result.exit, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, AllOf(StartsWith("stampede: "), HasSubstr(keys)));
}

TEST(UserList, OfOneRoleFindsTheFewAmongTheMany) {
  const TempDir folder;
  const auto listed = [&](Words options) {
    Words arguments = {"user", "list", "--json", "--data", folder.path().string()};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const CommandResult result = stampede(arguments);
    EXPECT_EQ(result.exit, 0) << result.err;
    return std::count(result.out.begin(), result.out.end(), '{');
  };
  const auto run = [&](Words arguments) {
    arguments.insert(arguments.end(), {"--data", folder.path().string()});
    EXPECT_EQ(stampede(arguments).exit, 0);
  };
  run({"operator", "add", "first", "--role", "operator"});
  run({"mint", "--users", "2-1500"});
  EXPECT_EQ(listed({"--role", "operator"}), 1);
  run({"operator", "add", "last", "--role", "operator"});
  EXPECT_EQ(listed({}), 100);
  EXPECT_EQ(listed({"--role", "operator"}), 2);
  EXPECT_EQ(listed({"--role", "operator", "--limit", "1"}), 1);
  EXPECT_EQ(listed({"--role", "operator", "--after", "1"}), 1);
  EXPECT_EQ(listed({"--role", "buyer", "--limit", "2000"}), 1499);
}

TEST(OperatorCommands, AddListAndChangeThoseWhoUseTheConsole) {
  const TempDir folder;
  const auto run = [&](Words arguments) {
    arguments.insert(arguments.end(), {"--data", folder.path().string()});
    return stampede(arguments);
  };
  EXPECT_GT(run({"operator", "add", "vera", "--role", "viewer"}).out.size(), 8U) << "a password";
  EXPECT_EQ(run({"user", "add", "olga", "--operator"}).exit, 0);
  EXPECT_EQ(run({"user", "add", "bob"}).exit, 0);
  const CommandResult roles = run({"operator", "list", "--json"});
  EXPECT_THAT(roles.out, AllOf(HasSubstr("\"vera\",\"role\":\"viewer\""),
                               HasSubstr("\"olga\",\"role\":\"owner\""), Not(HasSubstr("bob"))));
  EXPECT_EQ(run({"operator", "role", "vera", "--role", "operator"}).exit, 0);
  const CommandResult uri = run({"operator", "totp", "vera"});
  EXPECT_THAT(uri.out, StartsWith("otpauth://totp/Stampede:vera?secret="));
  EXPECT_THAT(run({"operator", "list", "--json"}).out,
              HasSubstr("\"vera\",\"role\":\"operator\",\"second_factor\":true"));
  EXPECT_EQ(run({"operator", "totp", "vera", "--remove"}).exit, 0);

  const auto expect_refused = [&](const Words& words, int exit, const char* said) {
    const CommandResult refused = run(words);
    EXPECT_EQ(refused.exit, exit) << refused.out;
    EXPECT_THAT(refused.err, HasSubstr(said));
  };
  expect_refused({"operator", "add", "eve", "--role", "buyer"}, 2, "viewer, operator or owner");
  expect_refused({"operator", "add", "eve"}, 2, "--role");
  expect_refused({"operator", "role", "bob", "--role", "owner"}, 1, "bob is a buyer");
  expect_refused({"operator", "role", "nobody", "--role", "owner"}, 1, "there is no user");
  expect_refused({"operator", "totp", "bob"}, 1, "bob is a buyer");
  expect_refused({"operator", "totp", "vera", "--remove"}, 1, "no second factor");
}

/// A shop without a server, with one sale of three units at which nothing happened.
class AuditCommand : public testing::Test {
 protected:
  AuditCommand() {
    run({"product", "add", "--name", "Lamp"});
    run({"sale", "create", "--product", "1", "--price-cents", "1", "--quantity", "3"});
  }
  CommandResult try_run(Words arguments) {
    arguments.insert(arguments.end(), {"--data", folder_.path().string()});
    return stampede(arguments);
  }
  void run(const Words& arguments) {
    const CommandResult result = try_run(arguments);
    ASSERT_EQ(result.exit, 0) << result.err;
  }
  CommandResult audit_answers(std::string_view lines, const char* demand) {
    const std::string file = (folder_.path() / "answers").string();
    std::ofstream(file) << lines;
    return try_run({"audit", "--answers", file, "--demand", demand});
  }

  const TempDir folder_;
};

TEST_F(AuditCommand, FindsBooksInOrder) {
  const CommandResult result = try_run({"audit"});
  EXPECT_EQ(result.exit, 0) << result.err;
  EXPECT_THAT(result.out, AllOf(HasSubstr("Sale 1: Lamp"), HasSubstr("units put on sale"),
                                HasSubstr("I1 conservation    holds"), Not(HasSubstr("BROKEN"))));
}

TEST_F(AuditCommand, ExitsWithOneOnAYesThatIsNotThere) {
  const CommandResult result = audit_answers(
      R"({"buyer":1,"product":1,"key":"0123456789abcdef","status":201,"result":"sold","order":9})"
      "\n",
      "1");
  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.out, AllOf(HasSubstr("I3 no loss         BROKEN in sale 1"),
                                HasSubstr("buyer 1 key 0123456789abcdef")));
  EXPECT_THAT(result.err, HasSubstr("I3 no loss of sale 1"));
}

TEST_F(AuditCommand, ExitsWithOneOnUnsoldUnitsThatWereWanted) {
  std::string lines;
  for (int buyer = 1; buyer <= 3; ++buyer) {
    lines += fmt::format(
        R"({{"buyer":{},"product":1,"key":"0123456789abcdef","status":410,"result":"sold-out"}})"
        "\n",
        buyer);
  }
  const CommandResult result = audit_answers(lines, "3");
  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.err, HasSubstr("I6 no undersell of sale 1: 0 of 3 units are sold"));
}

TEST_F(AuditCommand, NamesTheLineOfAMalformedAnswer) {
  const CommandResult result =
      audit_answers(R"({"buyer":1,"key":"0123456789abcdef","status":0,"result":"lost"})"
                    "\n{\"buyer\"\n",
                    "3");
  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.err, AllOf(HasSubstr("answers:2"), HasSubstr("expected a JSON object")));
}

}  // namespace
}  // namespace stampede::test_support
