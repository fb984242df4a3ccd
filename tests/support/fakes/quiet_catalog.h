#pragma once

#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "repositories/accounts/accounts.h"
#include "repositories/accounts/blacklist.h"
#include "repositories/catalog/catalog.h"
#include "repositories/changes.h"

namespace stampede::test_support {

/// The base of fakes of these repositories for quantity control, which reads sales, bans and
/// session epochs only. All other calls throw.
class QuietCatalog : public repositories::Catalog,
                     public repositories::Blacklist,
                     public repositories::Accounts,
                     public repositories::Changes {
 public:
  std::optional<Sale> sale(SaleId id) override {
    const auto listed = sales();
    for (const Sale& sale : listed.sales) {
      if (sale.id == id) return sale;
    }
    return std::nullopt;
  }
  void put(std::span<const BlacklistEntry>) override {}
  repositories::RaisedEpochs epochs_raised(std::int64_t, Instant) override { return {}; }

  std::expected<repositories::Applied<ProductId>, repositories::AddProductError> add_product(
      const ProductDetails&, Instant, const std::optional<repositories::IdempotentRequest>&) final {
    unused();
  }
  bool change_product(ProductId, const ProductDetails&) final { unused(); }
  std::vector<Product> products() override { unused(); }
  std::optional<Product> product(ProductId) final { unused(); }
  std::expected<SaleId, repositories::CreateSaleError> create_sale(const Sale&, Instant) final {
    unused();
  }
  std::expected<void, repositories::ChangeSaleError> change_sale(const Sale&, std::int64_t,
                                                                 Instant) final {
    unused();
  }
  std::expected<repositories::Applied<std::int64_t>, repositories::AddStockError> add_stock(
      const repositories::StockAddition&, Instant) final {
    unused();
  }
  bool end_sale(SaleId, Instant) final { unused(); }
  bool remove(UserId) final { unused(); }
  std::expected<UserId, NameTaken> create(std::string_view, std::string_view, UserRole,
                                          Instant) final {
    unused();
  }
  std::optional<User> find(UserId) final { unused(); }
  std::optional<User> find_by_name(std::string_view) final { unused(); }
  std::vector<User> list(UserId, std::size_t) final { unused(); }
  std::optional<SessionEpoch> raise_epoch(UserId, Instant) final { unused(); }
  std::optional<SessionEpoch> set_password(UserId, std::string_view, Instant) final { unused(); }
  std::optional<SessionEpoch> replace_password(UserId, std::string_view, std::string_view,
                                               Instant) final {
    unused();
  }
  std::expected<SessionEpoch, OperatorError> set_role(UserId, UserRole, Instant) final { unused(); }
  std::expected<SessionEpoch, OperatorError> remove_operator(UserId, Instant) final { unused(); }
  std::vector<SessionEpoch> ensure_range(UserId, UserId, Instant) final { unused(); }

 private:
  [[noreturn]] static void unused() { throw std::logic_error("no fake has this"); }
};

}  // namespace stampede::test_support
