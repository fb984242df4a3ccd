#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/member.h"

namespace stampede::app {

/// Everything an operator can set (docs/design.md#roles), checked whole before anything starts. The
/// keys of the file, the environment and the flags are named after these members.
struct Config {
  struct Admission {
    double check_rate = 1000;    // tokens per second before the stock; 0: no bucket
    double check_burst = 1000;   // size of that bucket
    double product_rate = 1000;  // tokens per second on the product pages; 0: no bucket
    double product_burst = 10000;
    double interval_seconds = 10;  // one attempt per buyer in this time; 0: none
    /// Bits of an IPv6 address; all with the same are one address. As many a home is given, as a
    /// rule (RFC 6177); phones that are given 64 each share one then, as they share an IPv4
    /// address.
    std::int64_t ipv6_prefix = 56;
  } admission;
  struct Captcha {
    double minimum_seconds = 2;           // from a challenge to its answer; 0: none
    std::int64_t fetches_per_buyer = 15;  // pictures a minute, and proofs of work
    std::int64_t pictures_ahead = 256;    // drawn and not yet given
    std::int64_t work = 500'000;          // numbers to try while few ask for a proof of work
  } captcha;
  /// A challenge of somebody else in the place of the shop's own captchas.
  struct ExternalChallenge {
    std::string provider;               // "turnstile", "hcaptcha", "recaptcha"; empty: none
    std::string site_key;               // the provider's public name for this shop
    std::filesystem::path secret_file;  // what proves this shop to the provider; its owner's alone
    std::string own = "away";           // when the shop's own captchas are given; or "always"
    std::string verify_url;             // empty, as the next: the provider's own
    std::string script_url;
    std::filesystem::path ca_file;  // the authorities that verify_url is trusted by; empty: all
    std::int64_t threads = 8;       // and so tokens that are judged at a time
  } external_challenge;
  struct Accounts {
    std::int64_t threads = 1;                      // that check passwords
    std::int64_t registrations_per_address = 600;  // a minute
    std::int64_t wrong_per_address = 600;          // wrong tries to log in, a minute
  } accounts;
  struct Http {
    std::string listen;   // port 0: a free one; empty: the role's own (role_config.h)
    std::string console;  // health, metrics and (serve, admin) the operators' console; likewise
    std::int64_t threads = 0;      // of `listen`; 0: one per hardware thread
    std::string origin;            // "https://shop.example"; empty: the request's own Host
    std::int64_t connections = 0;  // of `listen`; 0: as many as open files allow, 65,536 at most
    std::int64_t connections_per_address = 4096;
    std::vector<std::string> trusted_proxies;  // addresses and networks, exempt from the cap above
  } http;
  /// The operators' console, at http.console.
  struct Console {
    std::string origin;  // "https://console.example"; empty: the request's own, at an address
    std::int64_t connections = 64;
    std::int64_t connections_per_address = 32;
    /// Or "required": an operator without a second factor is let in to set one up, and to nothing
    /// else.
    std::string totp = "optional";
  } console;
  /// How buyers pay what is held for them.
  struct Payment {
    std::string checkout_url;           // the merchant's own; empty: buyers are told elsewhere
    std::filesystem::path secret_file;  // with which the shop signs what it tells that
    std::string secret;                 // what the file holds; config_for() reads it
  } payment;
  /// The merchant's own systems that are told what happens to orders.
  struct Webhooks {
    /// Or "allowed": also machines that are not in the public network, and those by plain http.
    std::string private_addresses = "refused";
    std::filesystem::path ca_file;  // the authorities that they are trusted by; empty: all
  } webhooks;
  /// PEM files; empty: plain HTTP.
  struct Tls {
    std::filesystem::path certificate;  // what http.listen shows, and its chain
    std::filesystem::path key;
    std::filesystem::path console_certificate;  // the same of http.console
    std::filesystem::path console_key;
    std::int64_t hsts_seconds = 31'536'000;  // for so long browsers ask by TLS alone; 0: not told
  } tls;
  struct Data {
    std::filesystem::path dir = "data";  // relative to the working directory
  } data;
  struct Cluster {
    std::string node;       // this validator's name in the ring; empty: it is none
    std::string advertise;  // where other roles reach this validator; empty: http.listen
    std::vector<std::string> quantity = {"127.0.0.1:8084"};  // where its processes are reached
    std::int64_t virtual_nodes = kVirtualNodes;              // points of each validator on the ring
  } cluster;
  struct Queue {
    std::vector<std::string> brokers = {"127.0.0.1:5672"};  // at least one
    std::string user = "guest";
    std::string password = "guest";
    std::string vhost = "/";
    std::string name = "stampede";  // the queues are NAME.orders.0 to 3, dead letters NAME.dead
  } queue;
  struct Database {
    std::string address;  // "host:port", or a socket's path; empty: SQLite in data.dir
    std::string user = "stampede";
    std::string password;
    std::string name = "stampede";
  } database;
};

/// Where configuration comes from; each later one overrides those before it.
struct ConfigSources {
  std::optional<std::filesystem::path> file;
  std::vector<std::string> environment;                    // "NAME=value", as `environ` has them
  std::vector<std::pair<std::string, std::string>> flags;  // key ("http.listen") and its text
};

/// One key with its final value, as TOML writes it (a secret is hidden), and where that came from:
/// "default", "shop.toml:3", "environment STAMPEDE_HTTP_LISTEN", "flag --listen".
struct Setting {
  std::string key;
  std::string value;
  std::string origin;
};

struct LoadedConfig {
  Config config;
  std::vector<Setting> settings;  // every key, in the order of config_keys()
};

/// Every error at once, each a sentence with the key, the value, where it came from and what was
/// expected.
using ConfigErrors = std::vector<std::string>;

std::expected<LoadedConfig, ConfigErrors> load_config(const ConfigSources& sources);

/// What the help says of a key.
struct ConfigKey {
  std::string name;           // "admission.check_rate"
  std::string variable;       // "STAMPEDE_ADMISSION_CHECK_RATE"
  std::string flag;           // "--listen", or empty
  std::string expected;       // "a number from 0 to 1000000000"
  std::string default_value;  // "1000"
  std::string description;    // "purchases let through to the stock per second; 0: all"
};
std::vector<ConfigKey> config_keys();

/// The process's own environment, for ConfigSources.
std::vector<std::string> process_environment();

}  // namespace stampede::app
