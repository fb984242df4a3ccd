#include "app/config/role_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "app/config/secret_file.h"
#include "app/config/shapes.h"
#include "model/text/plain_text.h"

namespace stampede::app {
namespace {

constexpr std::size_t kShortestPaymentSecret = 32;

/// What sets the roles apart, as far as configuration goes.
struct Traits {
  std::string_view name;
  std::string_view listen;  // its own address; empty: the next member, or none
  bool at_quantity = false;
  std::string_view console;
  bool database = false;     // stands on MariaDB
  bool queue = false;        // speaks with the brokers
  bool tls = false;          // can speak it at http.listen
  bool console_tls = false;  // and at http.console
  bool challenges = false;   // gives buyers captchas
  bool pages = false;        // has the shop's pages
};

constexpr std::array<Traits, 6> kTraits = {{
    {.name = "serve",
     .listen = "127.0.0.1:8082",
     .console = "127.0.0.1:8080",
     .tls = true,
     .console_tls = true,
     .challenges = true,
     .pages = true},
    {.name = "web",
     .listen = "127.0.0.1:8082",
     .console = "127.0.0.1:8092",
     .database = true,
     .tls = true,
     .challenges = true,
     .pages = true},
    {.name = "validate", .listen = "127.0.0.1:8083", .console = "127.0.0.1:8093", .queue = true},
    {.name = "quantity",
     .at_quantity = true,
     .console = "127.0.0.1:8094",
     .database = true,
     .queue = true},
    {.name = "consume", .console = "127.0.0.1:8095", .database = true, .queue = true},
    {.name = "admin",
     .console = "127.0.0.1:8080",
     .database = true,
     .queue = true,
     .console_tls = true},
}};

const Traits& traits_of(RoleName role) { return kTraits[static_cast<std::size_t>(role)]; }

/// Fills in the role's own addresses and collects what speaks against a start.
class Check {
 public:
  Check(RoleName role, LoadedConfig loaded)
      : role_(role), traits_(traits_of(role)), loaded_(std::move(loaded)) {}

  std::expected<LoadedConfig, ConfigErrors> run();

 private:
  void fill(std::string Config::Http::*member, std::string_view key, std::string_view own);
  void check_listeners();
  void check_tls();
  struct Pem {
    std::string_view name;
    const std::filesystem::path& file;
  };
  void check_pair(Pem certificate, Pem key, bool possible);
  void check_origins();
  void check_external_challenge();
  void check_payment();
  void check_node();
  void check_queue();
  void check_database();
  Setting& setting(std::string_view key) {
    return *std::ranges::find(loaded_.settings, key, &Setting::key);
  }
  /// "key: value (where it came from)", and the rest.
  template <class... Args>
  void refuse(std::string_view key, fmt::format_string<Args...> format, Args&&... args) {
    const Setting& given = setting(key);
    errors_.push_back(fmt::format("{}: {} ({}) {}", key, given.value, given.origin,
                                  fmt::format(format, std::forward<Args>(args)...)));
  }

  const RoleName role_;
  const Traits& traits_;
  LoadedConfig loaded_;
  Config& config_ = loaded_.config;
  ConfigErrors errors_;
};

void Check::fill(std::string Config::Http::*member, std::string_view key, std::string_view own) {
  std::string& address = config_.http.*member;
  if (!address.empty() || own.empty()) return;
  address = own;
  setting(key) = {std::string{key}, in_quotes(address), fmt::format("default of {}", traits_.name)};
}

void Check::check_listeners() {
  const Config::Http& http = config_.http;
  const bool listens = traits_.at_quantity || !traits_.listen.empty();
  if (!listens) return;
  if (http.listen.empty()) {
    refuse("cluster.quantity",
           "names several processes; expected http.listen beside it, the address of this one");
  } else if (!is_endpoint(http.listen)) {
    refuse("cluster.quantity",
           "is a name; expected http.listen beside it, the address to listen on");
  }
  if (http.listen == http.console && !http.listen.ends_with(":0")) {
    refuse("http.console", "is where `stampede {}` listens too; expected an address of its own",
           traits_.name);
  }
}

void Check::check_pair(Pem certificate, Pem key, bool possible) {
  if (certificate.file.empty() && key.file.empty()) return;
  if (!possible) {
    refuse(certificate.file.empty() ? key.name : certificate.name,
           "is given, and `stampede {}` has no listener that speaks TLS with it; expected none",
           traits_.name);
  } else if (key.file.empty()) {
    refuse(key.name, "is empty, and {} is given; expected the file of its private key",
           certificate.name);
  } else if (certificate.file.empty()) {
    refuse(certificate.name, "is empty, and {} is given; expected the file of its certificate",
           key.name);
  }
}

void Check::check_tls() {
  const Config::Tls& tls = config_.tls;
  check_pair({"tls.certificate", tls.certificate}, {"tls.key", tls.key}, traits_.tls);
  check_pair({"tls.console_certificate", tls.console_certificate},
             {"tls.console_key", tls.console_key}, traits_.console_tls);
}

void Check::check_origins() {
  const Config::Tls& tls = config_.tls;
  const auto check = [this](std::string_view key, const std::string& origin,
                            const std::filesystem::path& certificate, std::string_view whose) {
    if (certificate.empty() || !origin.starts_with("http:")) return;
    refuse(key, "is not what a browser says of a {}; expected https://", whose);
  };
  check("http.origin", config_.http.origin, tls.certificate, "shop with tls.certificate");
  check("console.origin", config_.console.origin, tls.console_certificate,
        "console with tls.console_certificate");
}

void Check::check_external_challenge() {
  const Config::ExternalChallenge& external = config_.external_challenge;
  if (!traits_.challenges) return;
  if (external.provider.empty()) {
    if (external.site_key.empty() && external.secret_file.empty()) return;
    refuse("external_challenge.provider",
           "is empty, and its site key or secret is given; expected turnstile, hcaptcha or "
           "recaptcha");
    return;
  }
  if (external.site_key.empty()) {
    refuse("external_challenge.site_key", "is empty; expected the one that {} has given the shop",
           external.provider);
  }
  if (external.secret_file.empty()) {
    refuse("external_challenge.secret_file",
           "is empty; expected the file of the secret that {} has given the shop",
           external.provider);
  }
  if (config_.http.origin.empty()) {
    refuse("http.origin",
           "is empty, and {} says of each token on which host it was earned; expected the shop's "
           "origin",
           external.provider);
  }
}

void Check::check_payment() {
  Config::Payment& payment = config_.payment;
  const bool addressed = !payment.checkout_url.empty();
  const bool signing = !payment.secret_file.empty();
  if (!addressed && !signing) return;
  if (!traits_.pages) {
    refuse(addressed ? "payment.checkout_url" : "payment.secret_file",
           "is given, and `stampede {}` shows no pages to buyers; expected none", traits_.name);
  } else if (!signing) {
    refuse("payment.secret_file",
           "is empty, and payment.checkout_url is given; expected the file of the secret that the "
           "checkout knows too");
  } else if (!addressed) {
    refuse("payment.checkout_url",
           "is empty, and payment.secret_file is given; expected the address of the checkout");
  } else if (auto secret = read_secret_file(payment.secret_file); !secret) {
    refuse("payment.secret_file", "cannot be used: {}", secret.error());
  } else if (secret->size() < kShortestPaymentSecret) {
    refuse("payment.secret_file", "holds a secret of {} characters; expected {} to 1024",
           secret->size(), kShortestPaymentSecret);
  } else {
    payment.secret = *std::move(secret);
  }
}

void Check::check_node() {
  if (role_ != RoleName::kValidate) return;
  if (config_.cluster.node.empty()) {
    refuse("cluster.node", "gives this validator no name; expected one that no other has, like a");
  }
  if (config_.cluster.advertise.empty() && is_any_address(config_.http.listen)) {
    refuse("cluster.advertise",
           "leaves open where this validator is reached, and http.listen is {}; expected a host "
           "and a port",
           in_quotes(config_.http.listen));
  }
}

void Check::check_queue() {
  if (!traits_.queue) return;
  const Config::Queue& queue = config_.queue;
  const auto distant = std::ranges::find_if_not(
      queue.brokers, [](const auto& broker) { return is_loopback(broker); });
  if (distant == queue.brokers.end()) return;
  if (queue.password.empty() || queue.password == Config{}.queue.password) {
    refuse("queue.password",
           "is empty or the default, and the broker {} is not on loopback; expected a secret",
           *distant);
  }
}

void Check::check_database() {
  const Config::Database& database = config_.database;
  if (role_ == RoleName::kServe && !database.address.empty()) {
    refuse("database.address",
           "is given, and `stampede serve` keeps its own database in data.dir; "
           "expected none");
  }
  if (!traits_.database) return;
  if (database.address.empty()) {
    refuse("database.address",
           "is empty, and `stampede {}` stands on MariaDB; expected a host and a port, or a "
           "socket's path",
           traits_.name);
  } else if (database.password.empty() && !is_loopback(database.address)) {
    refuse("database.password",
           "is empty, and the database {} is not on loopback; expected a secret", database.address);
  }
}

std::expected<LoadedConfig, ConfigErrors> Check::run() {
  // Of several processes of quantity control the list does not say which one this is.
  const auto& quantity = config_.cluster.quantity;
  const std::string_view alone = quantity.size() == 1 ? quantity.front() : std::string_view{};
  fill(&Config::Http::listen, "http.listen", traits_.at_quantity ? alone : traits_.listen);
  fill(&Config::Http::console, "http.console", traits_.console);
  check_listeners();
  check_tls();
  check_origins();
  check_external_challenge();
  check_payment();
  check_node();
  check_queue();
  check_database();
  if (!errors_.empty()) return std::unexpected(std::move(errors_));
  return std::move(loaded_);
}

}  // namespace

std::string_view to_string(RoleName role) { return traits_of(role).name; }

std::optional<RoleName> role_named(std::string_view name) {
  const auto found = std::ranges::find(kTraits, name, &Traits::name);
  if (found == kTraits.end()) return std::nullopt;
  return static_cast<RoleName>(found - kTraits.begin());
}

std::expected<LoadedConfig, ConfigErrors> config_for(RoleName role, LoadedConfig loaded) {
  return Check(role, std::move(loaded)).run();
}

}  // namespace stampede::app
