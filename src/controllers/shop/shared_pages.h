#pragma once

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "concurrency/mutex.h"
#include "controllers/page_response.h"
#include "model/catalog/product.h"
#include "model/catalog/sale.h"
#include "services/purchase/checkout.h"
#include "views/pages.h"

namespace stampede::controllers {

/// The pages that all visitors share, served from memory: the list of sales and one page for each
/// product. A page is built again when the product or its sale changes, not for each request.
/// Thread-safe; never blocks longer than building one page takes. `pages` must outlive it.
class SharedPages {
 public:
  explicit SharedPages(const views::Pages& pages) : pages_(&pages) {}

  /// The products as the database has them, at the start and whenever they change.
  void load(std::vector<Product> products);

  /// nullopt for an unknown product.
  std::optional<Document> product(ProductId id,
                                  const std::optional<services::purchase::SaleView>& sale);
  /// Sales that are on come first, then upcoming ones, then sold-out and ended ones.
  Document sales(std::span<const services::purchase::SaleView> sales);
  /// The page of a refusal that says nothing of its own but `retry_after`. It is kept for waits of
  /// up to kLongestWait, so that a flood of refusals costs no building of pages.
  std::shared_ptr<const std::string> busy(const Refusal& refusal);
  static constexpr std::chrono::seconds kLongestWait{31};

 private:
  struct ProductPage {
    Product product;
    std::optional<Sale> sale;  // as the document shows it
    Document document;         // empty until first asked for
  };

  const views::Pages* pages_;
  concurrency::Mutex mutex_;
  std::map<ProductId, ProductPage> product_pages_ STAMPEDE_GUARDED_BY(mutex_);
  std::vector<views::SaleCard> cards_ STAMPEDE_GUARDED_BY(mutex_);  // what list_ shows
  Document list_ STAMPEDE_GUARDED_BY(mutex_);
  concurrency::Mutex busy_mutex_;
  std::array<std::shared_ptr<const std::string>, kLongestWait.count() + 1> busy_  // by seconds
      STAMPEDE_GUARDED_BY(busy_mutex_);
};

}  // namespace stampede::controllers
