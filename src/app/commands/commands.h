#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/config/config.h"
#include "app/terminal/operator_text.h"
#include "model/catalog/product.h"
#include "model/catalog/sale.h"
#include "model/idempotency_key.h"
#include "model/user.h"
#include "services/operations/catalog_operations.h"

// The operator's commands, as cli.cc reads them from the command line. Each prints to standard
// output and returns a sentence if it was refused. Storage and key files that cannot be used throw.
namespace stampede::app {

using Done = std::expected<void, std::string>;

/// `key`: the same request with it is one change, however often it is made.
struct ProductAdd {
  ProductDetails facts;
  std::optional<IdempotencyKey> key;
};
Done add_product(const Config& config, const ProductAdd& options);
struct ProductChange {
  ProductId id;
  std::vector<std::function<void(ProductDetails&)>> changes;  // those asked for
};
Done change_product(const Config& config, const ProductChange& change);
Done list_products(const Config& config, bool json);

struct PictureAdd {
  ProductId product;
  std::filesystem::path file;
  std::string alt;
};
Done add_picture(const Config& config, const PictureAdd& options);
Done list_pictures(const Config& config, ProductId product, bool json);
Done remove_picture(const Config& config, ProductId product, PictureId picture);

Done create_sale(const Config& config, const Sale& sale);
Done list_sales(const Config& config, bool json);
Done show_sale(const Config& config, SaleId sale, bool json);
struct SaleChange {
  SaleId id;
  std::vector<std::function<void(Sale&)>> changes;  // those asked for
};
Done change_sale(const Config& config, const SaleChange& change);
using MoreStock = services::operations::CatalogOperations::MoreStock;
Done add_stock(const Config& config, const MoreStock& more);
Done end_sale(const Config& config, SaleId sale);

struct OrderCancel {
  OrderNumber number;
  std::string reason;  // in words; may be empty
};
Done cancel_order(const Config& config, const OrderCancel& options);

/// `who` is a name or an id; "name:4711" and "id:4711" where it could be both.
struct UserAdd {
  std::string name;
  UserRole role = UserRole::kBuyer;
  bool password_from_stdin = false;
  bool json = false;
};
Done add_user(const Config& config, const UserAdd& options);
struct UserList {
  UserId after;
  std::optional<UserRole> role;  // none: every role
  std::int64_t limit = 100;
  bool json = false;
};
Done list_users(const Config& config, const UserList& options);
struct UserBan {
  std::string who;
  std::string reason = "banned by an operator";
  std::optional<std::chrono::milliseconds> duration;  // none: for good
};
Done ban_user(const Config& config, const UserBan& options);
Done unban_user(const Config& config, const std::string& who);
struct UserPassword {
  std::string who;
  bool password_from_stdin = false;
};
Done set_user_password(const Config& config, const UserPassword& options);

Done list_operators(const Config& config, bool json);
struct OperatorRole {
  std::string who;
  UserRole role = UserRole::kViewer;
};
Done set_operator_role(const Config& config, const OperatorRole& options);
Done remove_operator(const Config& config, const std::string& who);
struct OperatorTotp {
  std::string who;
  bool remove = false;
};
/// Prints the URI that an authenticator reads.
Done set_operator_totp(const Config& config, const OperatorTotp& options);

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
