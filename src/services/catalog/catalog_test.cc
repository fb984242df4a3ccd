#include "services/catalog/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "model/time.h"

namespace stampede::services::catalog {
namespace {

using repositories::AddStockError;
using repositories::Applied;
using repositories::ChangeSaleError;
using repositories::IdempotentRequest;
using std::chrono::hours;
using testing::HasSubstr;

/// Keeps what it is given; knows one rule of storage: a product has one sale at a time.
class MemoryCatalog final : public repositories::Catalog {
 public:
  std::expected<Applied<ProductId>, repositories::AddProductError> add_product(
      const ProductDetails& facts, Instant now,
      const std::optional<IdempotentRequest>& request) override {
    requests.push_back(request);
    if (product_refused) return std::unexpected(repositories::AddProductError::kKeyTaken);
    const ProductId id{static_cast<std::int64_t>(products_.size()) + 1};
    products_.push_back({id, facts.name, facts.description, now, facts.list_price_cents});
    return Applied<ProductId>{id};
  }
  bool change_product(ProductId id, const ProductDetails& facts) override {
    const auto row = std::ranges::find(products_, id, &Product::id);
    if (row == products_.end()) return false;
    *row = {id, facts.name, facts.description, row->created_at, facts.list_price_cents};
    return true;
  }
  std::vector<Product> products() override { return products_; }
  std::optional<Product> product(ProductId id) override { return find(products_, id); }

  std::expected<SaleId, repositories::CreateSaleError> create_sale(const Sale& sale,
                                                                   Instant) override {
    if (!product(sale.product))
      return std::unexpected(repositories::CreateSaleError::kUnknownProduct);
    for (const Sale& other : sales_) {
      if (other.product == sale.product && !other.ends_at) {
        return std::unexpected(repositories::CreateSaleError::kAnotherSaleRuns);
      }
    }
    sales_.push_back(sale);
    sales_.back().id = SaleId{static_cast<std::int64_t>(sales_.size())};
    return sales_.back().id;
  }
  repositories::ListedSales sales() override { return {.revision = 1, .sales = sales_}; }
  std::optional<Sale> sale(SaleId id) override { return find(sales_, id); }
  std::expected<void, ChangeSaleError> change_sale(const Sale& sale, std::int64_t,
                                                   Instant) override {
    if (change_refused) return std::unexpected(*change_refused);
    *std::ranges::find(sales_, sale.id, &Sale::id) = sale;
    return {};
  }
  std::expected<Applied<std::int64_t>, AddStockError> add_stock(
      const repositories::StockAddition& addition, Instant) override {
    requests.push_back(addition.request);
    if (stock_refused) return std::unexpected(*stock_refused);
    return Applied<std::int64_t>{std::ranges::find(sales_, addition.sale, &Sale::id)->quantity +=
                                 addition.units};
  }
  bool end_sale(SaleId id, Instant now) override {
    for (Sale& sale : sales_) {
      if (sale.id != id) continue;
      sale.ends_at = now;
      return true;
    }
    return false;
  }

  std::optional<ChangeSaleError> change_refused;
  std::optional<AddStockError> stock_refused;
  bool product_refused = false;
  std::vector<std::optional<IdempotentRequest>> requests;

 private:
  template <class Row, class RowId>
  static std::optional<Row> find(const std::vector<Row>& rows, RowId id) {
    const auto row = std::ranges::find(rows, id, &Row::id);
    return row == rows.end() ? std::nullopt : std::optional{*row};
  }
  std::vector<Product> products_;
  std::vector<Sale> sales_;
};

class CatalogTest : public testing::Test {
 protected:
  Sale good_sale() const {
    Sale sale;
    sale.product = ProductId{1};
    sale.price_cents = 100;
    sale.quantity = 5;
    sale.starts_at = now_ + hours{1};
    return sale;
  }

  const Instant now_ = *parse_rfc3339("2026-11-22T08:00:00Z");
  MemoryCatalog repository_;
  Catalog catalog_{repository_};
};

TEST_F(CatalogTest, ProductsKeepTheirTextAsGiven) {
  const auto id = catalog_.add_product(
      {.name = "Röd Räv – 狐 🦊", .description = "two\nlines\tand a tab"}, now_);
  ASSERT_TRUE(id);
  EXPECT_EQ(catalog_.product(id->result)->name, "Röd Räv – 狐 🦊");
  EXPECT_EQ(catalog_.product(id->result)->description, "two\nlines\tand a tab");
  EXPECT_TRUE(catalog_.add_product(
      {.name = std::string(200, 'n'), .description = std::string(10'000, 'd')}, now_));
  EXPECT_TRUE(catalog_.add_product({.name = "<script>'; DROP TABLE products; --"}, now_));
  EXPECT_EQ(catalog_.products().size(), 3u);
}

struct BadProduct {
  std::string name;
  std::string description;
  const char* field;
  const char* problem;
};

TEST_F(CatalogTest, BadProductsAreRefusedWithFieldAndExpectation) {
  const BadProduct rows[] = {
      {"", "", "name", "blank"},
      {"   ", "", "name", "blank"},
      {std::string(201, 'n'), "", "name", "201 bytes long; expected at most 200"},
      {"caf\xe9", "", "name", "\"caf\\x{e9}\" is not valid UTF-8"},
      {"cut \xe2\x82", "", "name", "not valid UTF-8"},
      {"a\nb", "", "name", "(control character) at byte 1"},
      {std::string("a\0b", 3), "", "name", "(control character) at byte 1"},
      {"bell\x7f", "", "name", "(control character) at byte 4"},
      {"next\xc2\x85line", "", "name", "U+0085 (control character) at byte 4"},
      {"fox\u202egnp", "", "name", "U+202E (right-to-left override) at byte 3"},
      {"good", "two\u2066ways", "description", "U+2066 (left-to-right isolate) at byte 3"},
      {"good", std::string(10'001, 'd'), "description", "at most 10000"},
      {"good", "\xff", "description", "not valid UTF-8"},
      {"good", "esc\x1b[31m", "description", "(control character) at byte 3"},
  };
  for (const BadProduct& row : rows) {
    const auto added = catalog_.add_product({row.name, row.description}, now_);
    ASSERT_FALSE(added) << row.problem;
    EXPECT_THAT(added.error(), AllOf(HasSubstr(row.field), HasSubstr(row.problem)));
  }
  EXPECT_TRUE(catalog_.products().empty());
}

TEST_F(CatalogTest, SalesKeepTheirTerms) {
  ASSERT_TRUE(catalog_.add_product({.name = "Fox"}, now_));
  Sale wanted = good_sale();
  wanted.per_buyer_limit = 1000;
  wanted.quantity = 1'000'000'000;
  wanted.price_cents = 0;
  wanted.ends_at = wanted.starts_at + std::chrono::milliseconds{1};
  const auto id = catalog_.create_sale(wanted, now_);
  ASSERT_TRUE(id);
  EXPECT_EQ(catalog_.sale(*id)->quantity, 1'000'000'000);
  EXPECT_EQ(catalog_.sale(*id)->ends_at, wanted.ends_at);
  EXPECT_EQ(catalog_.sales().sales.size(), 1u);
  EXPECT_TRUE(catalog_.end_sale(*id, now_));
  EXPECT_FALSE(catalog_.end_sale(SaleId{99}, now_));
}

TEST_F(CatalogTest, BadSalesAreRefusedWithFieldAndExpectation) {
  ASSERT_TRUE(catalog_.add_product({.name = "Fox"}, now_));
  struct Row {
    std::function<void(Sale&)> spoil;
    const char* problem;
  };
  const Row rows[] = {
      {[](Sale& s) { s.price_cents = -1; }, "price-cents: -1 is out of range; expected 0 to"},
      {[](Sale& s) { s.price_cents = 1'000'000'000'001; }, "price-cents: 1000000000001"},
      {[](Sale& s) { s.quantity = 0; }, "quantity: 0 is out of range; expected 1 to 1000000000"},
      {[](Sale& s) { s.quantity = 1'000'000'001; }, "quantity: 1000000001"},
      {[](Sale& s) { s.per_buyer_limit = 0; }, "limit: 0 is out of range; expected 1 to 1000"},
      {[](Sale& s) { s.per_buyer_limit = 1001; }, "limit: 1001"},
      {[](Sale& s) { s.ends_at = s.starts_at; }, "is not after its start"},
      {[](Sale& s) { s.starts_at -= hours{9}, s.ends_at = s.starts_at + hours{1}; }, "has passed"},
      {[](Sale& s) { s.product = ProductId{7}; }, "there is no product 7"},
  };
  for (const Row& row : rows) {
    Sale sale = good_sale();
    row.spoil(sale);
    const auto created = catalog_.create_sale(sale, now_);
    ASSERT_FALSE(created) << row.problem;
    EXPECT_THAT(created.error(), HasSubstr(row.problem));
  }
  EXPECT_TRUE(catalog_.sales().sales.empty());
}

TEST_F(CatalogTest, AProductHasOneSaleAtATime) {
  ASSERT_TRUE(catalog_.add_product({.name = "Fox"}, now_));
  const auto first = catalog_.create_sale(good_sale(), now_);
  ASSERT_TRUE(first);
  const auto second = catalog_.create_sale(good_sale(), now_);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("another sale of product 1 runs"));
  ASSERT_TRUE(catalog_.end_sale(*first, now_));
  EXPECT_TRUE(catalog_.create_sale(good_sale(), now_));
}

TEST_F(CatalogTest, AListPriceIsKeptAndChecked) {
  const auto id = catalog_.add_product({.name = "Fox", .list_price_cents = 12'900}, now_);
  ASSERT_TRUE(id);
  EXPECT_EQ(catalog_.product(id->result)->list_price_cents, 12'900);
  EXPECT_TRUE(catalog_.change_product(id->result, {.name = "Fox", .list_price_cents = 0}));
  EXPECT_TRUE(
      catalog_.change_product(id->result, {.name = "Fox", .list_price_cents = 1'000'000'000'000}));
  for (const std::int64_t bad : {-1LL, 1'000'000'000'001LL}) {
    const auto changed =
        catalog_.change_product(id->result, {.name = "Fox", .list_price_cents = bad});
    ASSERT_FALSE(changed);
    EXPECT_THAT(changed.error(), HasSubstr("list-price-cents: "));
  }
}

TEST_F(CatalogTest, AChangedProductIsCheckedLikeANewOne) {
  const auto id = catalog_.add_product({.name = "Fox"}, now_);
  ASSERT_TRUE(id);
  EXPECT_THAT(catalog_.change_product(id->result, {.name = " "}).error(), HasSubstr("name: "));
  EXPECT_THAT(catalog_.change_product(id->result, {.name = "x", .description = "\xff"}).error(),
              HasSubstr("description: "));
  EXPECT_EQ(catalog_.product(id->result)->name, "Fox");
  EXPECT_THAT(catalog_.change_product(ProductId{7}, {.name = "x"}).error(),
              HasSubstr("there is no product 7"));
}

TEST_F(CatalogTest, ChangedTermsAreCheckedLikeNewOnes) {
  ASSERT_TRUE(catalog_.add_product({.name = "Fox"}, now_));
  Sale sale = good_sale();
  sale.id = *catalog_.create_sale(sale, now_);
  sale.price_cents = 7;
  EXPECT_TRUE(catalog_.change_sale(sale, 5, now_));
  EXPECT_EQ(catalog_.sale(sale.id)->price_cents, 7);
  sale.quantity = 0;
  EXPECT_THAT(catalog_.change_sale(sale, 5, now_).error(), HasSubstr("quantity: 0"));
  EXPECT_THAT(catalog_.change_sale(sale, 4, now_).error(), HasSubstr("has 5 units by now, not 4"))
      << "before anything else";
  sale.quantity = 1;
  sale.ends_at = sale.starts_at;
  EXPECT_THAT(catalog_.change_sale(sale, 5, now_).error(), HasSubstr("ends: "));
  sale.id = {9};
  EXPECT_THAT(catalog_.change_sale(sale, 5, now_).error(), HasSubstr("there is no sale 9"));
}

TEST_F(CatalogTest, ARefusedChangeSaysWhy) {
  ASSERT_TRUE(catalog_.add_product({.name = "Fox"}, now_));
  Sale sale = good_sale();
  sale.id = *catalog_.create_sale(sale, now_);
  sale.product = {};
  const std::pair<ChangeSaleError, const char*> rows[] = {
      {ChangeSaleError::kUnknownSale, "there is no sale 1"},
      {ChangeSaleError::kTermsFixed, "more than 5 s from now"},
      {ChangeSaleError::kUnitsAreLeased, "units of sale 1 are already being sold"},
      {ChangeSaleError::kChangedMeanwhile, "sale 1 has 5 units by now"},
      {ChangeSaleError::kAnotherSaleRuns, "another sale of product 1 runs"},
  };
  for (const auto& [error, says] : rows) {
    repository_.change_refused = error;
    EXPECT_THAT(catalog_.change_sale(sale, 5, now_).error(), HasSubstr(says));
  }
}

TEST_F(CatalogTest, StockIsAddedOrTheReasonSaid) {
  ASSERT_TRUE(catalog_.add_product({.name = "Fox"}, now_));
  const auto id = catalog_.create_sale(good_sale(), now_);
  ASSERT_TRUE(id);
  EXPECT_EQ(catalog_.add_stock(*id, 3, now_), 8);
  EXPECT_THAT(catalog_.add_stock(*id, 0, now_).error(), HasSubstr("units: 0 is out of range"));
  EXPECT_THAT(catalog_.add_stock(*id, 1'000'000'001, now_).error(), HasSubstr("units: "));
  const std::pair<AddStockError, const char*> rows[] = {
      {AddStockError::kUnknownSale, "there is no sale 1"},
      {AddStockError::kEnded, "sale 1 has ended"},
      {AddStockError::kChangedMeanwhile, "sale 1 has not 5 units any more"},
      {AddStockError::kTooMany, "at most 1000000000 units in all"},
  };
  for (const auto& [error, says] : rows) {
    repository_.stock_refused = error;
    EXPECT_THAT(catalog_.add_stock(*id, 3, now_, 5).error(), HasSubstr(says));
  }
}

TEST_F(CatalogTest, AKeyNamesOneRequest) {
  const auto key = IdempotencyKey::parse("0123456789abcdef");
  const ProductDetails facts{.name = "Fox", .description = "red"};
  const auto content = [&](const ProductDetails& asked) {
    EXPECT_TRUE(catalog_.add_product(asked, now_, key));
    EXPECT_EQ(repository_.requests.back()->key, *key);
    EXPECT_LE(repository_.requests.back()->content.size(), 64U);
    return repository_.requests.back()->content;
  };
  EXPECT_EQ(content(facts), content(facts));
  EXPECT_NE(content(facts), content({.name = "Foxr", .description = "ed"}));
  EXPECT_NE(content(facts), content({.name = "Fox", .description = "red", .list_price_cents = 0}));
  ASSERT_TRUE(catalog_.create_sale(good_sale(), now_));
  EXPECT_EQ(catalog_.add_stock(SaleId{1}, 3, now_, {}, key), 8);
  EXPECT_EQ(repository_.requests.back()->content, "sale 1: 3 units more");
  EXPECT_EQ(catalog_.add_stock(SaleId{1}, 1'000'000'000, now_, {}, key)->result, 1'000'000'008);
  EXPECT_LE(repository_.requests.back()->content.size(), 64U);
  ASSERT_TRUE(catalog_.add_product(facts, now_));
  EXPECT_FALSE(repository_.requests.back());
  repository_.stock_refused = AddStockError::kKeyTaken;
  repository_.product_refused = true;
  EXPECT_THAT(catalog_.add_product(facts, now_, key).error(), HasSubstr("was used for something"));
  EXPECT_THAT(catalog_.add_stock(SaleId{1}, 3, now_, {}, key).error(),
              HasSubstr("idempotency-key: \"0123456789abcdef\""));
}

}  // namespace
}  // namespace stampede::services::catalog
