#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "model/ids.h"
#include "tests/support/buyer.h"
#include "tests/support/operator.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"

namespace stampede::test_support {

/// A data folder, the operator's commands on it, and a server that runs on it. For one thread.
class Shop final : public Operator {
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

  /// A product and a sale of it, known to the running server when this returns; if it has started,
  /// its units may be bought.
  ProductId open_sale(SaleOptions options = {});
  /// Waits until the running server says `status` of the product ("on", "sold_out", ...), and, if
  /// that is "on", has the units of every sale that is on: false if it never does. No purchase may
  /// be under way.
  bool await_status(ProductId product, std::string_view status);
  /// Waits until the server, after a start, knows all orders from before it, and so tells who holds
  /// one. Throws std::runtime_error if it never does.
  void await_orders_known();

  /// The buyer's captcha pass for that intent.
  std::string mint_pass(UserId buyer, ProductId product, const std::string& key);
  /// A logged-in buyer, made by mint.
  Buyer buyer(std::int64_t id);

  /// Active orders of all sales, by the audit; 0 breaches or it throws.
  std::int64_t audited_orders() const;

 private:
  bool has_status(ProductId product, std::string_view status);
  bool has_units();
  std::string metrics();
  std::vector<std::string> shop_option() const override { return {"--data", data_.string()}; }

  std::optional<TempDir> own_folder_;
  std::filesystem::path data_;
  Environment environment_;
  std::uint16_t port_ = 0;
  std::uint16_t console_port_ = 0;
  std::optional<ServerProcess> server_;
};

}  // namespace stampede::test_support
