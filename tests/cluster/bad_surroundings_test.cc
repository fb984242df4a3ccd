// Roles among servers that are away, that refuse them, or that are not theirs: each says clearly
// what was wrong, and nothing is lost.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <initializer_list>
#include <optional>

#include "queue/rabbitmq/connection.h"
#include "queue/rabbitmq/topology.h"
#include "tests/cluster/shared_cluster.h"
#include "tests/support/eventually.h"
#include "tests/support/server_process.h"

namespace stampede::test_support {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class BadSurroundings : public SharedCluster {
 protected:
  /// A second process of a role, on free ports, that must not start: one clear reason, and exit 1,
  /// because it may start later, or 2.
  static std::string refusal(const std::string& role, Environment environment, int exit = 1) {
    const std::string host = cluster_->address("web").host;
    environment.emplace_back("STAMPEDE_HTTP_LISTEN", host + ":0");
    environment.emplace_back("STAMPEDE_HTTP_CONSOLE", host + ":0");
    const CommandResult result = cluster_->try_role(role, environment);
    EXPECT_EQ(result.exit, exit) << role << ": " << result.out << result.err;
    EXPECT_THAT(result.out, testing::Not(HasSubstr("ready"))) << role;
    return result.err;
  }
  /// The queues of another sale, some of which are there with other arguments than it needs.
  static queue::rabbitmq::Options broker_with_other_arguments(
      const std::string& suffix, std::initializer_list<std::int32_t> shards) {
    queue::rabbitmq::Options options = cluster_->broker_options();
    options.name += suffix;
    queue::rabbitmq::Connection connection(options, options.brokers.front(), "a test");
    for (const std::int32_t shard : shards) {
      connection.declare(queue::rabbitmq::order_queue(options, shard), {});
    }
    return options;
  }
};

TEST_F(BadSurroundings, NoBroker) {
  for (const char* role : {"a", "quantity", "consume"}) {
    EXPECT_THAT(refusal(role, {{"STAMPEDE_QUEUE_BROKERS", "127.0.0.1:1"}}),
                AllOf(HasSubstr("broker 127.0.0.1:1"), HasSubstr("onnect")));
    // A server, but no broker.
    EXPECT_THAT(refusal(role, {{"STAMPEDE_QUEUE_BROKERS", servers_->database().address()}}),
                HasSubstr(servers_->database().address()));
  }
}

TEST_F(BadSurroundings, AValidatorThatTrustsNoProxyIsWarnedOf) {
  const std::string warning = "warning http.trusted_proxies is empty";
  Environment environment{{"STAMPEDE_QUEUE_BROKERS", "127.0.0.1:1"},
                          {"STAMPEDE_HTTP_TRUSTED_PROXIES", ""}};
  EXPECT_THAT(refusal("a", environment), HasSubstr(warning));
  environment.back().second = "127.0.0.1";
  EXPECT_THAT(refusal("a", environment), testing::Not(HasSubstr(warning)));
}

TEST_F(BadSurroundings, WrongCredentialsOfTheBroker) {
  for (const char* role : {"a", "quantity", "consume"}) {
    EXPECT_THAT(refusal(role, {{"STAMPEDE_QUEUE_PASSWORD", "guessed"}}, 2),
                AllOf(HasSubstr(servers_->broker().address()), HasSubstr("refuses user")));
    EXPECT_THAT(refusal(role, {{"STAMPEDE_QUEUE_VHOST", "/elsewhere"}}, 2),
                HasSubstr("/elsewhere"));
  }
}

TEST_F(BadSurroundings, AQueueWithOtherArgumentsDoesNotStopTheOthers) {
  const auto options = broker_with_other_arguments("-one", {2});
  const std::string host = cluster_->address("web").host;
  for (const char* role : {"a", "quantity", "consume"}) {
    Child starting(
        {stampede_binary(), cluster_->command(role), "--config", cluster_->config(role).string()},
        {{"STAMPEDE_QUEUE_NAME", options.name},
         {"STAMPEDE_HTTP_LISTEN", host + ":0"},
         {"STAMPEDE_HTTP_CONSOLE", host + ":0"}});
    std::optional<std::string> line;
    do {
      line = starting.read_line(kPatience);
    } while (line && *line != "ready");
    EXPECT_TRUE(line) << role << ": " << starting.standard_error();
    EXPECT_THAT(starting.standard_error(), HasSubstr(options.name + ".orders.2"));
    starting.signal(SIGTERM);
    EXPECT_EQ(starting.wait(kPatience), 0) << role << ": " << starting.standard_error();
  }
}

TEST_F(BadSurroundings, OnlyQueuesWithOtherArguments) {
  const auto options = broker_with_other_arguments("-all", {0, 1, 2, 3});
  for (const char* role : {"a", "quantity", "consume"}) {
    EXPECT_THAT(refusal(role, {{"STAMPEDE_QUEUE_NAME", options.name}}),
                HasSubstr(options.name + ".orders.3"));
  }
}

/// It may come: so they say that they wait, and where for.
TEST_F(BadSurroundings, NoDatabase) {
  for (const char* role : {"quantity", "consume", "web", "admin"}) {
    for (const char* address : {"127.0.0.1:1", "/nowhere/socket"}) {
      const std::string host = cluster_->address("web").host;
      Child waiting(
          {stampede_binary(), cluster_->command(role), "--config", cluster_->config(role).string()},
          {{"STAMPEDE_DATABASE_ADDRESS", address},
           {"STAMPEDE_HTTP_LISTEN", host + ":0"},
           {"STAMPEDE_HTTP_CONSOLE", host + ":0"}});
      EXPECT_TRUE(eventually(kPatience,
                             [&] {
                               const std::string log = waiting.standard_error();
                               return log.find("waiting for the database") != std::string::npos &&
                                      log.find(address) != std::string::npos;
                             }))
          << role << ": " << waiting.standard_error();
      waiting.signal(SIGTERM);
      EXPECT_EQ(waiting.wait(kPatience), 0) << role << ": " << waiting.standard_error();
    }
  }
}

TEST_F(BadSurroundings, WrongCredentialsOfTheDatabase) {
  for (const char* role : {"quantity", "consume", "web", "admin"}) {
    EXPECT_THAT(refusal(role, {{"STAMPEDE_DATABASE_PASSWORD", "guessed"}}, 2),
                AllOf(HasSubstr(servers_->database().address()), HasSubstr("stampede")));
    EXPECT_THAT(refusal(role, {{"STAMPEDE_DATABASE_NAME", "elsewhere"}}, 2),
                HasSubstr("elsewhere"));
  }
}

TEST_F(BadSurroundings, NoKeys) {
  const TempDir folder;
  for (const char* role : {"a", "quantity", "web", "admin"}) {
    EXPECT_THAT(refusal(role, {{"STAMPEDE_DATA_DIR", folder.path().string()}}, 2),
                HasSubstr((folder.path() / "keys").string()));
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "keys")) << "a cluster's role made keys";
  }
}

/// A validator with other keys than quantity control stays outside, says why, and harms nobody.
TEST_F(BadSurroundings, APeerWithAnotherSecret) {
  const TempDir folder;
  const std::string data = (folder.path() / "data").string();
  ASSERT_EQ(run_command({stampede_binary(), "keys", "create", "--data", data}).exit, 0);
  const std::string host = cluster_->address("a").host;
  Child stranger({stampede_binary(), "validate", "--config", cluster_->config("a").string()},
                 {{"STAMPEDE_DATA_DIR", data},
                  {"STAMPEDE_CLUSTER_NODE", "stranger"},
                  {"STAMPEDE_HTTP_LISTEN", host + ":0"},
                  {"STAMPEDE_HTTP_CONSOLE", host + ":0"}});
  EXPECT_TRUE(eventually(kPatience, [&] {
    return stranger.standard_error().find("wrong-peer-secret") != std::string::npos;
  })) << stranger.standard_error();
  EXPECT_EQ(cluster_->number("SELECT COUNT(*) FROM validators WHERE node = 'stranger'"), 0);
  EXPECT_TRUE(eventually(kPatience, [] { return cluster_->ready("a"); }));
}

TEST_F(BadSurroundings, AValidatorWithTheNameOfAnother) {
  const std::string host = cluster_->address("a").host;
  Child twin({stampede_binary(), "validate", "--config", cluster_->config("a").string()},
             {{"STAMPEDE_HTTP_LISTEN", host + ":0"}, {"STAMPEDE_HTTP_CONSOLE", host + ":0"}});
  EXPECT_TRUE(eventually(kPatience, [&] {
    return twin.standard_error().find("the node name \"a\" is taken") != std::string::npos;
  })) << twin.standard_error();
  EXPECT_TRUE(eventually(kPatience, [] { return cluster_->ready("a"); }));
}

TEST_F(BadSurroundings, MessagesThatNothingCanBeMadeOfAreKeptAside) {
  const queue::rabbitmq::Options options = cluster_->broker_options();
  queue::rabbitmq::Connection broker(options, options.brokers.front(), "a test");
  broker.select_confirms();
  queue::DeliveryTag tag = 0;
  const std::string future = std::string("SPOQ\x63\x01", 6) + "of a later version";
  for (std::int32_t shard = 0; shard < queue::kShards; ++shard) {
    broker.publish(queue::rabbitmq::order_queue(options, shard), future, ++tag);
    broker.publish(queue::rabbitmq::order_queue(options, shard), "no message at all", ++tag);
  }
  EXPECT_TRUE(eventually(kPatience,
                         [&] { return cluster_->number("SELECT COUNT(*) FROM quarantine") == 8; }));
  EXPECT_EQ(cluster_->number("SELECT COUNT(*) FROM quarantine WHERE reason LIKE '%version%'"), 4);
  EXPECT_TRUE(eventually(kPatience, [&] {
    return cluster_->metrics("admin").find("\nstampede_quarantined_messages 8\n") !=
           std::string::npos;
  })) << "the console shows no alert";

  // And the queues go on.
  const auto sale = cluster_->open_sale({.quantity = 10});
  Buyer buyer = cluster_->buyer("a", 1);
  const std::string key = fresh_key();
  EXPECT_TRUE(eventually(kPatience, [&] { return buyer.buy(sale.product, key).result == "sold"; }));
}

}  // namespace
}  // namespace stampede::test_support
