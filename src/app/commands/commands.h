#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>

#include "app/config/config.h"
#include "app/terminal/operator_text.h"
#include "model/idempotency_key.h"
#include "model/ids.h"

// The operator's commands, as app/command_line reads them from the command line. Each prints to
// standard output and returns a sentence if it was refused. Storage and key files that cannot be
// used throw.
namespace stampede::app {

using Done = std::expected<void, std::string>;

struct OrderCancel {
  OrderNumber number;
  std::string reason;  // in words; may be empty
};
Done cancel_order(const Config& config, const OrderCancel& options);
/// Prints what became of the payment.
struct OrderPay {
  OrderNumber number;
  std::string reference;
  std::optional<std::int64_t> amount_cents = std::nullopt;  // none: the order's price
};
Done pay_order(const Config& config, const OrderPay& options);
Done refund_order(const Config& config, const std::string& reference);

Done create_keys(const Config& config);
Done rotate_keys(const Config& config);

struct Mint {
  UserRange users;
  ProductId product;                  // 0: no passes
  std::optional<IdempotencyKey> key;  // one key for all
  std::string key_prefix;             // or a key for each: prefix and id in 16 digits
  bool with_node = false;             // and the validator that owns each buyer, at the line's end
};
inline constexpr std::size_t kMintDigits = 16;
inline constexpr std::size_t kLongestKeyPrefix = IdempotencyKey::kMax - kMintDigits;
Done mint(const Config& config, const Mint& options);

struct AuditOptions {
  SaleId sale;                    // 0: every sale
  std::filesystem::path answers;  // empty: storage alone
  std::int64_t demand = 0;
  bool json = false;
};
Done audit(const Config& config, const AuditOptions& options);

/// Of a shop of `serve`, while it sells: to a folder that is empty or not there.
Done backup(const Config& config, const std::filesystem::path& to);
struct Restore {
  std::filesystem::path from;
  bool without_log = false;  // no finished backup, but a database whose log is lost
};
/// Into a data directory that is empty or not there.
Done restore(const Config& config, const Restore& options);

struct PagesOptions {
  std::filesystem::path out;
  bool prune = false;  // remove what an earlier run made and this one does not
};
Done write_pages(const Config& config, const PagesOptions& options);

Done check_config(const LoadedConfig& loaded, bool json);

}  // namespace stampede::app
