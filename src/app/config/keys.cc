#include "app/config/keys.h"

#include <fmt/format.h>

#include <cctype>

#include "app/config/shapes.h"
#include "net/address_range.h"

namespace stampede::app {
namespace {

constexpr std::string_view kEndpoint =
    "empty, or an IPv4 or [IPv6] address and a port, like 127.0.0.1:8082";
constexpr double kLongestList = 1'000;
constexpr std::string_view kPemFile = "empty, or the path of a PEM file";
constexpr std::string_view kName = "1 to 64 of the characters A-Z a-z 0-9 . _ -";
constexpr std::string_view kAccount = "1 to 128 characters";
constexpr std::string_view kPassword = "a text of at most 256 characters";

constexpr Key kKeys[] = {
    {.name = "admission.check_rate",
     .description = "purchases let through to the stock per second; 0: all",
     .slot = [](Config& c) -> Slot { return &c.admission.check_rate; },
     .max = 1e9},
    {.name = "admission.check_burst",
     .description = "purchases let through at once after a quiet time",
     .slot = [](Config& c) -> Slot { return &c.admission.check_burst; },
     .min = 1,
     .max = 1e9},
    {.name = "admission.product_rate",
     .description = "product pages served per second; 0: all",
     .slot = [](Config& c) -> Slot { return &c.admission.product_rate; },
     .max = 1e9},
    {.name = "admission.product_burst",
     .description = "product pages served at once after a quiet time",
     .slot = [](Config& c) -> Slot { return &c.admission.product_burst; },
     .min = 1,
     .max = 1e9},
    {.name = "admission.interval_seconds",
     .description = "one attempt per buyer in this time; 0: any number",
     .slot = [](Config& c) -> Slot { return &c.admission.interval_seconds; },
     .max = 86'400},
    {.name = "admission.ipv6_prefix",
     .description = "limits per address take all IPv6 addresses with as many first bits for one",
     .slot = [](Config& c) -> Slot { return &c.admission.ipv6_prefix; },
     .min = 32,
     .max = 64},
    {.name = "captcha.minimum_seconds",
     .description = "an answer that comes sooner after its captcha is told to wait; 0: none is",
     .slot = [](Config& c) -> Slot { return &c.captcha.minimum_seconds; },
     .max = 60},
    {.name = "captcha.fetches_per_buyer",
     .description = "pictures for one buyer a minute, and as many proofs of work",
     .slot = [](Config& c) -> Slot { return &c.captcha.fetches_per_buyer; },
     .min = 1,
     .max = 1'000'000},
    {.name = "captcha.pictures_ahead",
     .description = "pictures drawn ahead, each for one buyer, some 20 KB each",
     .slot = [](Config& c) -> Slot { return &c.captcha.pictures_ahead; },
     .min = 1,
     .max = 100'000},
    {.name = "captcha.work",
     .description = "numbers that a proof of work has to try; up to 16 times as many in a rush",
     .slot = [](Config& c) -> Slot { return &c.captcha.work; },
     .min = 1'000,
     .max = 3'000'000},
    {.name = "accounts.threads",
     .description = "threads that check passwords, each some 30 a second and with 64 MiB",
     .slot = [](Config& c) -> Slot { return &c.accounts.threads; },
     .min = 1,
     .max = 256},
    {.name = "accounts.registrations_per_address",
     .description = "new accounts from one address a minute",
     .slot = [](Config& c) -> Slot { return &c.accounts.registrations_per_address; },
     .min = 1,
     .max = 1'000'000},
    {.name = "accounts.wrong_per_address",
     .description = "wrong passwords from one address a minute, of browsers that are not known",
     .slot = [](Config& c) -> Slot { return &c.accounts.wrong_per_address; },
     .min = 1,
     .max = 1'000'000},
    {.name = "http.listen",
     .flag = "--listen",
     .description = "where the role listens; port 0: a free one; empty: the role's own address",
     .slot = [](Config& c) -> Slot { return &c.http.listen; },
     .shape = kEndpoint,
     .valid = is_empty_or<is_endpoint>},
    {.name = "http.console",
     .flag = "--console",
     .description = "where health, metrics and (serve, admin) the operators' console are; empty: "
                    "the role's own",
     .slot = [](Config& c) -> Slot { return &c.http.console; },
     .shape = kEndpoint,
     .valid = is_empty_or<is_endpoint>},
    {.name = "http.threads",
     .flag = "--threads",
     .description = "threads of the shop; 0: one per hardware thread",
     .slot = [](Config& c) -> Slot { return &c.http.threads; },
     .max = 1024},
    {.name = "http.origin",
     .flag = "--origin",
     .description = "the shop's public origin; empty: the request's own Host",
     .slot = [](Config& c) -> Slot { return &c.http.origin; },
     .shape = "empty, or a scheme and a host in small letters, like https://shop.example",
     .valid = is_empty_or<is_origin>},
    {.name = "http.connections",
     .description =
         "connections at a time, of which the longest idle are closed near the end; 0: as "
         "many as open files allow",
     .slot = [](Config& c) -> Slot { return &c.http.connections; },
     .max = 1'000'000},
    {.name = "http.connections_per_address",
     .description = "connections one address may hold",
     .slot = [](Config& c) -> Slot { return &c.http.connections_per_address; },
     .min = 1,
     .max = 1'000'000},
    {.name = "http.trusted_proxies",
     .description = "proxies in front of shop and console, whose X-Forwarded-For is believed",
     .slot = [](Config& c) -> Slot { return &c.http.trusted_proxies; },
     .max = kLongestList,
     .shape = net::kAddressRangeForm,
     .valid = is_proxy},
    {.name = "console.origin",
     .description = "the console's origin, as operators' browsers see it; empty: the address that "
                    "it is asked at",
     .slot = [](Config& c) -> Slot { return &c.console.origin; },
     .shape = "empty, or a scheme and a host in small letters, like https://console.example",
     .valid = is_empty_or<is_origin>},
    {.name = "console.connections",
     .description = "connections of the console at a time",
     .slot = [](Config& c) -> Slot { return &c.console.connections; },
     .min = 16,
     .max = 1'000'000},
    {.name = "console.connections_per_address",
     .description = "of which one address may hold so many",
     .slot = [](Config& c) -> Slot { return &c.console.connections_per_address; },
     .min = 1,
     .max = 1'000'000},
    {.name = "console.totp",
     .description = "whether an operator must have a second factor; without one, `required` lets "
                    "them set one up and nothing else",
     .slot = [](Config& c) -> Slot { return &c.console.totp; },
     .shape = "required or optional",
     .valid = is_totp_rule},
    {.name = "tls.certificate",
     .description = "the shop's certificate and its chain; empty: plain HTTP",
     .slot = [](Config& c) -> Slot { return &c.tls.certificate; },
     .shape = kPemFile,
     .valid = is_empty_or<is_path>},
    {.name = "tls.key",
     .description = "its private key; both are read again at SIGHUP",
     .slot = [](Config& c) -> Slot { return &c.tls.key; },
     .shape = kPemFile,
     .valid = is_empty_or<is_path>},
    {.name = "tls.console_certificate",
     .description = "the console's certificate and its chain; empty: plain HTTP",
     .slot = [](Config& c) -> Slot { return &c.tls.console_certificate; },
     .shape = kPemFile,
     .valid = is_empty_or<is_path>},
    {.name = "tls.console_key",
     .description = "its private key",
     .slot = [](Config& c) -> Slot { return &c.tls.console_key; },
     .shape = kPemFile,
     .valid = is_empty_or<is_path>},
    {.name = "tls.hsts_seconds",
     .description = "for so long a browser that was here by TLS uses nothing else; 0: as it likes",
     .slot = [](Config& c) -> Slot { return &c.tls.hsts_seconds; },
     .max = 63'072'000},
    {.name = "data.dir",
     .flag = "--data",
     .description = "the directory of the database and the keys",
     .slot = [](Config& c) -> Slot { return &c.data.dir; },
     .shape = "the path of a directory",
     .valid = is_path},
    {.name = "cluster.node",
     .flag = "--node",
     .description = "this validator's name, by which buyers are routed; it keeps it for ever",
     .slot = [](Config& c) -> Slot { return &c.cluster.node; },
     .shape = "empty, or 1 to 32 of the characters a-z 0-9 -",
     .valid = is_empty_or<is_node>},
    {.name = "cluster.advertise",
     .description = "where the other roles reach this validator; empty: where it listens",
     .slot = [](Config& c) -> Slot { return &c.cluster.advertise; },
     .shape = "empty, or a host and a port, like 10.0.0.7:8083",
     .valid = is_empty_or<is_peer>},
    {.name = "cluster.quantity",
     .description = "where the processes of quantity control are reached, tried in turn; one alone "
                    "listens there itself",
     .slot = [](Config& c) -> Slot { return &c.cluster.quantity; },
     .min = 1,
     .max = kLongestList,
     .shape = "one or more processes, each a host and a port, like 10.0.0.4:8084",
     .valid = is_peer,
     .or_one_text = true},
    {.name = "cluster.virtual_nodes",
     .description = "points of each validator on the hash ring; quantity control tells the others",
     .slot = [](Config& c) -> Slot { return &c.cluster.virtual_nodes; },
     .min = 1,
     .max = 10'000},
    {.name = "queue.brokers",
     .description = "the RabbitMQ brokers, tried in turn",
     .slot = [](Config& c) -> Slot { return &c.queue.brokers; },
     .min = 1,
     .max = kLongestList,
     .shape = "one or more brokers, each a host and a port, like 10.0.0.5:5672",
     .valid = is_peer},
    {.name = "queue.user",
     .description = "the account at the brokers",
     .slot = [](Config& c) -> Slot { return &c.queue.user; },
     .shape = kAccount,
     .valid = is_account},
    {.name = "queue.password",
     .description = "its password; `guest` only where every broker is on loopback",
     .slot = [](Config& c) -> Slot { return &c.queue.password; },
     .shape = kPassword,
     .valid = is_password,
     .secret = true},
    {.name = "queue.vhost",
     .description = "the virtual host at the brokers",
     .slot = [](Config& c) -> Slot { return &c.queue.vhost; },
     .shape = kAccount,
     .valid = is_account},
    {.name = "queue.name",
     .description = "what the queues' names begin with: NAME.orders.0 to 3, NAME.dead",
     .slot = [](Config& c) -> Slot { return &c.queue.name; },
     .shape = kName,
     .valid = is_name},
    {.name = "database.address",
     .description = "the MariaDB server; empty: SQLite in the data directory",
     .slot = [](Config& c) -> Slot { return &c.database.address; },
     .shape = "empty, a host and a port, like 10.0.0.6:3306, or the path of a socket",
     .valid = is_empty_or<is_database>},
    {.name = "database.user",
     .description = "the account at the database",
     .slot = [](Config& c) -> Slot { return &c.database.user; },
     .shape = kAccount,
     .valid = is_account},
    {.name = "database.password",
     .description = "its password",
     .slot = [](Config& c) -> Slot { return &c.database.password; },
     .shape = kPassword,
     .valid = is_password,
     .secret = true},
    {.name = "database.name",
     .description = "the name of the database",
     .slot = [](Config& c) -> Slot { return &c.database.name; },
     .shape = kName,
     .valid = is_name},
};

}  // namespace

std::string Key::variable() const {
  std::string variable = fmt::format("STAMPEDE_{}", name);
  for (char& c : variable) {
    c = c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return variable;
}

std::string Key::expected() const {
  Config any;
  const Slot type = slot(any);
  if (std::holds_alternative<double*>(type)) {
    return fmt::format("a number from {:.0f} to {:.0f}", min, max);
  }
  if (std::holds_alternative<std::int64_t*>(type)) {
    return fmt::format("a whole number from {:.0f} to {:.0f}", min, max);
  }
  if (std::holds_alternative<std::vector<std::string>*>(type)) {
    return fmt::format("a list of {}", shape);
  }
  return std::string{shape};
}

std::span<const Key> all_keys() { return kKeys; }

}  // namespace stampede::app
