#include "app/process/from_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "app/process/role.h"
#include "telemetry/log.h"

namespace stampede::app {

http::ListenerOptions public_listener(const Config& config, http::TransportLayer tls) {
  const unsigned hardware = std::max(1U, std::thread::hardware_concurrency());
  http::ListenerOptions options{
      .address = config.http.listen,
      .threads = config.http.threads > 0 ? static_cast<unsigned>(config.http.threads) : hardware,
      .limits = {},
      .trusted_proxies = config.http.trusted_proxies};
  options.secure = config.http.origin.starts_with("https:");
  if (options.secure || tls) options.headers = hsts_header(config);
  options.layer = std::move(tls);
  options.limits.drain_time = kDrainTime;
  options.limits.connections = static_cast<std::size_t>(config.http.connections);
  options.limits.connections_per_address =
      static_cast<std::size_t>(config.http.connections_per_address);
  options.limits.kernel_memory = 256 * 1024;
  options.limits.ipv6_prefix = static_cast<int>(config.admission.ipv6_prefix);
  return options;
}

http::ListenerOptions console_listener(const Config& config, http::TransportLayer tls) {
  constexpr std::size_t kMostBody = 6UL * 1024 * 1024;  // a picture of 5 MB fits
  constexpr int kConsoleStandsBack = 5;  // behind the sale, before the threads of passwords
  http::ListenerOptions options{
      .address = config.http.console,
      .threads = 1,
      .niceness = kConsoleStandsBack,
      .limits = {.body_bytes = kMostBody,
                 .drain_time = kDrainTime,
                 .connections = static_cast<std::size_t>(config.console.connections),
                 .connections_per_address =
                     static_cast<std::size_t>(config.console.connections_per_address),
                 .ipv6_prefix = static_cast<int>(config.admission.ipv6_prefix)},
      .trusted_proxies = config.http.trusted_proxies,
      .secure = config.console.origin.starts_with("https:")};
  if (options.secure || tls) options.headers = hsts_header(config);
  options.layer = std::move(tls);
  return options;
}

std::string hsts_header(const Config& config) {
  if (config.tls.hsts_seconds == 0) return {};
  return fmt::format("Strict-Transport-Security: max-age={}\r\n", config.tls.hsts_seconds);
}

void warn_about_proxies(const Config& config) {
  if (!config.http.trusted_proxies.empty()) return;
  telemetry::log_warning(
      "http.trusted_proxies is empty: if a proxy is in front, all buyers count as one address, and "
      "share what one may have; expected the proxy's address");
}

controllers::OriginRule origin_rule(const Config& config) {
  const std::string& origin = config.http.origin;
  return controllers::OriginRule(origin.empty() ? std::nullopt : std::optional(origin));
}

std::string draw_incarnation() {
  std::random_device random;
  return fmt::format("{:016x}", std::uint64_t{random()} << 32 | random());
}

services::purchase::Rules purchase_rules(const Config& config) {
  services::purchase::Rules rules;
  rules.check_rate = config.admission.check_rate;
  rules.check_burst = config.admission.check_burst;
  rules.ipv6_prefix = static_cast<int>(config.admission.ipv6_prefix);
  rules.interval = std::chrono::milliseconds{
      static_cast<std::int64_t>(config.admission.interval_seconds * 1'000)};
  return rules;
}

services::accounts::Accounts::Options account_options(const Config& config) {
  services::accounts::Accounts::Options options;
  options.threads = static_cast<unsigned>(config.accounts.threads);
  options.tries.wrong_per_network = static_cast<int>(config.accounts.wrong_per_address);
  options.registrations_per_network = static_cast<int>(config.accounts.registrations_per_address);
  options.ipv6_prefix = static_cast<int>(config.admission.ipv6_prefix);
  return options;
}

namespace {

repositories::sql::MariadbOptions mariadb_options(const Config& config, std::size_t readers) {
  const auto& database = config.database;
  return {.address = database.address,
          .user = database.user,
          .password = database.password,
          .database = database.name,
          .readers = readers};
}

}  // namespace

std::unique_ptr<repositories::sql::Database> open_cluster_database(const Config& config,
                                                                   std::size_t readers) {
  return std::make_unique<repositories::sql::Database>(mariadb_options(config, readers));
}

std::unique_ptr<repositories::sql::Database> open_impatient_database(const Config& config,
                                                                     std::size_t readers) {
  auto options = mariadb_options(config, readers);
  options.answer_timeout = std::chrono::seconds{3};
  options.lock_timeout = std::chrono::seconds{1};
  return std::make_unique<repositories::sql::Database>(options);
}

std::unique_ptr<repositories::sql::Database> open_patient_database(const Config& config) {
  auto options = mariadb_options(config, 1);
  options.reading_timeout = std::chrono::minutes{10};
  return std::make_unique<repositories::sql::Database>(options);
}

std::unique_ptr<repositories::sql::Database> open_consumer_database(const Config& config) {
  auto options = mariadb_options(config, 1);
  options.connect_timeout = std::chrono::seconds{1};
  options.answer_timeout = std::chrono::seconds{5};
  options.lock_timeout = std::chrono::seconds{4};
  static_assert(kFinishedBy + std::chrono::seconds{1} < kLongestStop);
  static_assert(std::chrono::seconds{5} < kFinishedBy);
  return std::make_unique<repositories::sql::Database>(options);
}

queue::rabbitmq::Options broker_options(const Config& config) {
  queue::rabbitmq::Options options;
  options.brokers = config.queue.brokers;
  options.user = config.queue.user;
  options.password = config.queue.password;
  options.vhost = config.queue.vhost;
  options.name = config.queue.name;
  return options;
}

}  // namespace stampede::app
