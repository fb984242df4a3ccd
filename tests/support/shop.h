#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/ids.h"
#include "tests/support/buyer.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"

namespace stampede::test_support {

/// What `stampede mint` prints for one buyer.
struct MintedBuyer {
  UserId id;
  std::string sign;
  std::string pass;  // empty unless asked for
};

/// One sale, as `stampede sale create` takes it.
struct SaleOptions {
  ProductId product;
  std::int64_t quantity = 10;
  int limit = 1;
  bool captcha = false;
  std::string starts;  // RFC 3339; empty: now
  std::string ends;    // RFC 3339; empty: when sold out
};

/// The words of `stampede sale create` for it.
std::vector<std::string> sale_create_words(const SaleOptions& options);
/// Lines of `stampede mint` without passes.
std::vector<MintedBuyer> read_minted(const std::string& lines);

/// A data folder, the operator's commands on it, and a server that runs on it: a whole shop. Every
/// failure of a command throws std::runtime_error with its standard error. For one thread.
class Shop {
 public:
  /// In a folder of its own, with a server that runs.
  explicit Shop(Environment environment = {}) : Shop({}, std::move(environment)) {}
  /// In the given folder; empty: in one of its own.
  Shop(std::filesystem::path data, Environment environment);

  ServerProcess& server() { return *server_; }
  std::uint16_t port() const { return server_->port(); }
  const std::filesystem::path& data() const { return data_; }

  /// Ends the server: the exit code of SIGTERM, or 137 after SIGKILL.
  int stop();
  void kill();
  /// Starts it again, on the same data and ports.
  void start();

  /// A command of the operator, with --data; any exit.
  CommandResult try_run(std::vector<std::string> arguments) const;
  /// Its standard output; it must succeed.
  std::string run(std::vector<std::string> arguments) const;

  ProductId add_product(const std::string& name = "Lamp");
  SaleId create_sale(const SaleOptions& options);
  /// A product and a sale of it, known to the running server when this returns.
  ProductId open_sale(SaleOptions options = {});
  /// Waits until the running server says `status` of the product ("on", "sold_out", ...): false if
  /// it has not within `timeout`.
  bool await_status(ProductId product, std::string_view status,
                    std::chrono::milliseconds timeout = std::chrono::seconds{2});

  std::vector<MintedBuyer> mint(std::int64_t first, std::int64_t last);
  std::string mint_pass(UserId buyer, ProductId product, const std::string& key);
  /// A logged-in buyer, made by mint.
  Buyer buyer(std::int64_t id);

  /// The outcome of `stampede audit --json`.
  boost::json::value audit() const;
  /// Active orders of all sales, by the audit; 0 breaches or it throws.
  std::int64_t audited_orders() const;

 private:
  std::optional<TempDir> own_folder_;
  std::filesystem::path data_;
  Environment environment_;
  std::uint16_t port_ = 0;
  std::uint16_t console_port_ = 0;
  std::optional<ServerProcess> server_;
};

}  // namespace stampede::test_support
