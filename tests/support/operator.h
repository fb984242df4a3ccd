#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "model/ids.h"
#include "tests/support/servers/child.h"

namespace stampede::test_support {

/// What `stampede mint` prints for one buyer.
struct MintedBuyer {
  UserId id;
  std::string sign;
};

/// One sale, as `stampede sale create` takes it.
struct SaleOptions {
  ProductId product;
  std::int64_t quantity = 10;
  int limit = 1;
  bool captcha = false;
  std::string starts;    // RFC 3339; empty: now
  std::string ends;      // RFC 3339; empty: when sold out
  int hold_seconds = 0;  // 0: orders are final
};

/// The operator's commands on one shop. Each throws std::runtime_error with what the command wrote
/// if it fails. For one thread.
class Operator {
 public:
  /// Runs `stampede` with these arguments; any exit.
  CommandResult try_run(std::vector<std::string> arguments) const;
  /// The same, and returns its standard output.
  std::string run(std::vector<std::string> arguments) const;

  ProductId add_product(const std::string& name = "Lamp") const;
  SaleId create_sale(const SaleOptions& options) const;
  /// Buyers first..last.
  std::vector<MintedBuyer> mint(std::int64_t first, std::int64_t last) const;
  /// The same as `stampede mint` prints them: a line each.
  std::string mint_lines(std::int64_t first, std::int64_t last) const;
  /// What `stampede audit --json` says of a shop without breaches.
  boost::json::value audit() const;

 protected:
  ~Operator() = default;

 private:
  /// The option that names the shop, such as `--data DIR`.
  virtual std::vector<std::string> shop_option() const = 0;
};

}  // namespace stampede::test_support
