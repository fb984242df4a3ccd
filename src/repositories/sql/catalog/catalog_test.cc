#include <gmock/gmock.h>

#include <latch>
#include <optional>
#include <thread>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

Sale window(ProductId product, std::int64_t starts, std::optional<std::int64_t> ends) {
  return {.id = {},
          .product = product,
          .price_cents = 1,
          .quantity = 10,
          .starts_at = at(starts),
          .ends_at = ends ? std::optional{at(*ends)} : std::nullopt};
}

struct CatalogTest : OnEveryEngine {};
INSTANTIATE_TEST_SUITE_P(On, CatalogTest, every_engine(), testing::PrintToStringParamName());

TEST_P(CatalogTest, KeepsProducts) {
  const auto id =
      shop.catalog().add_product({.name = "O'Neil \"100%\"", .description = "grüße; --"}, at(5));
  const auto product = shop.catalog().product(id);
  ASSERT_TRUE(product);
  EXPECT_EQ(product->id, id);
  EXPECT_EQ(product->name, "O'Neil \"100%\"");
  EXPECT_EQ(product->description, "grüße; --");
  EXPECT_EQ(product->created_at, at(5));
  EXPECT_FALSE(shop.catalog().product(ProductId{99}));
  shop.catalog().add_product({.name = "Second"}, at(6));
  ASSERT_EQ(shop.catalog().products().size(), 2U);
  EXPECT_EQ(shop.catalog().products()[1].name, "Second");
}

TEST_P(CatalogTest, KeepsSalesToTheLastField) {
  const auto product = shop.catalog().add_product({.name = "p"}, at(1));
  const Sale sale{.id = {77},
                  .product = product,
                  .price_cents = 1'000'000'000'000,
                  .quantity = 1'000'000'000,
                  .unleased = 5,
                  .per_buyer_limit = 1'000,
                  .starts_at = at(1'790'000'000'123),
                  .ends_at = at(1'800'000'000'456),
                  .captcha = false};
  const auto id = shop.catalog().create_sale(sale, at(2));
  ASSERT_TRUE(id);
  EXPECT_EQ(id->value, 1);
  const auto stored = shop.catalog().sale(*id);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->product, product);
  EXPECT_EQ(stored->price_cents, sale.price_cents);
  EXPECT_EQ(stored->quantity, sale.quantity);
  EXPECT_EQ(stored->unleased, sale.quantity);
  EXPECT_EQ(stored->per_buyer_limit, 1'000);
  EXPECT_EQ(stored->starts_at, sale.starts_at);
  EXPECT_EQ(stored->ends_at, sale.ends_at);
  EXPECT_FALSE(stored->captcha);
  EXPECT_FALSE(shop.catalog().sale(SaleId{2}));
  const auto listed = shop.catalog().sales();
  EXPECT_EQ(listed.sales.size(), 1U);
  EXPECT_EQ(listed.revision, shop.repositories.changes()->poll()->catalog);
}

TEST_P(CatalogTest, RefusesASaleOfNothing) {
  EXPECT_EQ(shop.catalog().create_sale(window({7}, 1, 2), at(1)),
            std::unexpected(CreateSaleError::kUnknownProduct));
}

TEST_P(CatalogTest, AProductHasOneSaleAtATime) {
  auto& catalog = shop.catalog();
  const auto product = catalog.add_product({.name = "p"}, at(1));
  const auto other = catalog.add_product({.name = "q"}, at(1));
  ASSERT_TRUE(catalog.create_sale(window(product, 1'000, 2'000), at(1)));
  const auto overlapping = std::unexpected(CreateSaleError::kAnotherSaleRuns);
  EXPECT_EQ(catalog.create_sale(window(product, 1'500, 1'600), at(1)), overlapping);
  EXPECT_EQ(catalog.create_sale(window(product, 500, 1'001), at(1)), overlapping);
  EXPECT_EQ(catalog.create_sale(window(product, 500, {}), at(1)), overlapping);
  EXPECT_EQ(catalog.create_sale(window(product, 1'999, {}), at(1)), overlapping);
  EXPECT_TRUE(catalog.create_sale(window(product, 500, 1'000), at(1)));
  EXPECT_TRUE(catalog.create_sale(window(product, 2'000, {}), at(1)));
  EXPECT_EQ(catalog.create_sale(window(product, 9'000, 9'001), at(1)), overlapping);
  EXPECT_TRUE(catalog.create_sale(window(other, 1'500, {}), at(1)));
}

TEST_P(CatalogTest, EndsASaleOnce) {
  auto& catalog = shop.catalog();
  const auto sale = shop.sell(10);  // from 1000 on
  EXPECT_FALSE(catalog.end_sale(SaleId{99}, at(3'000)));
  EXPECT_TRUE(catalog.end_sale(sale, at(3'000)));
  EXPECT_EQ(catalog.sale(sale)->starts_at, at(1'000));
  EXPECT_EQ(catalog.sale(sale)->ends_at, at(3'000));
  EXPECT_TRUE(catalog.end_sale(sale, at(4'000)));
  EXPECT_EQ(catalog.sale(sale)->ends_at, at(3'000));
}

TEST_P(CatalogTest, ASaleThatHadNotBegunIsOutOfTheWayOnceEnded) {
  auto& catalog = shop.catalog();
  const auto sale = shop.sell(10);
  EXPECT_TRUE(catalog.end_sale(sale, at(500)));
  EXPECT_EQ(catalog.sale(sale)->starts_at, at(500));
  EXPECT_EQ(catalog.sale(sale)->ends_at, at(500));
  const auto product = catalog.sale(sale)->product;
  EXPECT_TRUE(catalog.create_sale(window(product, 400, {}), at(600)));
}

std::int64_t revision(TestShop& shop) { return shop.repositories.changes()->poll()->catalog; }

TEST_P(CatalogTest, ChangesAProduct) {
  auto& catalog = shop.catalog();
  const auto id = catalog.add_product({.name = "Old", .list_price_cents = 12'900}, at(1));
  EXPECT_EQ(catalog.product(id)->list_price_cents, 12'900);
  const auto before = revision(shop);
  ASSERT_TRUE(catalog.change_product(id, {.name = "New", .description = "and better"}));
  EXPECT_EQ(*catalog.product(id), (Product{id, "New", "and better", at(1)}));
  EXPECT_GT(revision(shop), before);
  ASSERT_TRUE(catalog.change_product(id, {.name = "New", .description = "and better"}))
      << "the same facts again";
  EXPECT_FALSE(catalog.change_product(ProductId{99}, {.name = "None"}));
}

TEST_P(CatalogTest, ChangesEveryTermOfASaleBeforeItStarts) {
  auto& catalog = shop.catalog();
  const auto product = catalog.add_product({.name = "p"}, at(1));
  const auto id = *catalog.create_sale(window(product, 100'000, {}), at(1));
  const Sale wanted{.id = id,
                    .product = {99},
                    .price_cents = 7,
                    .quantity = 4,
                    .unleased = 77,
                    .per_buyer_limit = 3,
                    .starts_at = at(200'000),
                    .ends_at = at(300'000),
                    .captcha = false};
  const auto before = revision(shop);
  ASSERT_TRUE(catalog.change_sale(wanted, 10, at(2)));
  EXPECT_GT(revision(shop), before);
  const auto stored = *catalog.sale(id);
  EXPECT_EQ(stored.product, product);
  EXPECT_EQ(stored.price_cents, 7);
  EXPECT_EQ(stored.quantity, 4);
  EXPECT_EQ(stored.unleased, 4);
  EXPECT_EQ(stored.per_buyer_limit, 3);
  EXPECT_EQ(stored.starts_at, at(200'000));
  EXPECT_EQ(stored.ends_at, at(300'000));
  EXPECT_FALSE(stored.captcha);
  EXPECT_TRUE(catalog.change_sale(wanted, 4, at(2))) << "the same terms again";
  EXPECT_EQ(catalog.change_sale({.id = {99}}, 10, at(2)),
            std::unexpected(ChangeSaleError::kUnknownSale));
}

TEST_P(CatalogTest, TermsStandShortlyBeforeTheStart) {
  auto& catalog = shop.catalog();
  const auto product = catalog.add_product({.name = "p"}, at(1));
  Sale sale = window(product, 100'000, {});
  sale.id = *catalog.create_sale(sale, at(1));
  const Instant last = sale.starts_at - Sale::kTermsFixed;
  EXPECT_TRUE(catalog.change_sale(sale, 10, last - std::chrono::milliseconds{1}));
  sale.starts_at = at(900'000);
  EXPECT_EQ(catalog.change_sale(sale, 10, last), std::unexpected(ChangeSaleError::kTermsFixed));
  EXPECT_EQ(catalog.sale(sale.id)->starts_at, at(100'000));
}

TEST_P(CatalogTest, AChangedSaleKeepsOneSaleAtATime) {
  auto& catalog = shop.catalog();
  const auto product = catalog.add_product({.name = "p"}, at(1));
  ASSERT_TRUE(catalog.create_sale(window(product, 100'000, 200'000), at(1)));
  Sale second = window(product, 200'000, 300'000);
  second.id = *catalog.create_sale(second, at(1));
  second.starts_at = at(199'999);
  EXPECT_EQ(catalog.change_sale(second, 10, at(1)),
            std::unexpected(ChangeSaleError::kAnotherSaleRuns));
  second.starts_at = at(250'000);
  EXPECT_TRUE(catalog.change_sale(second, 10, at(1))) << "its own window is no other's";
}

/// The caller's clock may be behind, or the request may have waited: the window alone is no guard.
TEST_P(CatalogTest, TermsStandWhileAUnitIsLeasedOrSoldWhateverTheClockSays) {
  auto& catalog = shop.catalog();
  const auto product = catalog.add_product({.name = "p"}, at(1));
  Sale sale = window(product, 100'000, {});
  sale.id = *catalog.create_sale(sale, at(1));
  const auto refused = [&] {
    Sale changed = sale;
    changed.per_buyer_limit = 2;
    changed.quantity = 20;
    const auto result = catalog.change_sale(changed, 10, at(2));
    EXPECT_EQ(catalog.sale(sale.id)->per_buyer_limit, 1);
    EXPECT_EQ(catalog.sale(sale.id)->quantity, 10);
    return result == std::unexpected(ChangeSaleError::kUnitsAreLeased);
  };
  const auto close = [&](LeaseId lease) {
    const auto transaction = shop.repositories.order_store().begin();
    transaction->close(lease);
    transaction->commit();
  };
  const LeaseId sold_from = *shop.leases().grant(sale.id, 6, at(2));
  EXPECT_TRUE(refused()) << "leased";
  shop.commit({success(sale.id, sold_from, 1)});
  close(sold_from);
  EXPECT_TRUE(refused()) << "nothing is leased, but one is sold";

  Sale untouched = window(product, 20'000, 50'000);
  untouched.id = *catalog.create_sale(untouched, at(1));
  untouched.starts_at = at(40'000);
  close(*shop.leases().grant(untouched.id, 10, at(2)));
  EXPECT_TRUE(catalog.change_sale(untouched, 10, at(2))) << "every unit came back";
}

TEST_P(CatalogTest, ChangesNothingOfASaleThatHasOtherUnitsThanKnown) {
  auto& catalog = shop.catalog();
  const auto product = catalog.add_product({.name = "p"}, at(1));
  Sale sale = window(product, 100'000, {});
  sale.id = *catalog.create_sale(sale, at(1));
  ASSERT_EQ(catalog.add_stock({sale.id, 5, 20}, at(2)), 15);
  sale.price_cents = 7;
  EXPECT_EQ(catalog.change_sale(sale, 10, at(3)),
            std::unexpected(ChangeSaleError::kChangedMeanwhile));
  EXPECT_EQ(catalog.sale(sale.id)->quantity, 15);
  EXPECT_NE(catalog.sale(sale.id)->price_cents, 7);
  EXPECT_TRUE(catalog.change_sale(sale, 15, at(3)));
  EXPECT_EQ(catalog.sale(sale.id)->quantity, 10);
  EXPECT_EQ(catalog.sale(sale.id)->unleased, 10);
}

TEST_P(CatalogTest, AddsStockUntilTheEnd) {
  auto& catalog = shop.catalog();
  const auto id = shop.sell(10, 1, at(3'000));
  ASSERT_TRUE(shop.leases().grant(id, 10, at(2)));
  const auto before = revision(shop);
  EXPECT_EQ(catalog.add_stock({id, 5, 20}, at(2'999)), 15);
  EXPECT_GT(revision(shop), before);
  EXPECT_EQ(catalog.sale(id)->quantity, 15);
  EXPECT_EQ(catalog.sale(id)->unleased, 5);
  EXPECT_EQ(catalog.add_stock({id, 6, 20}, at(2'999)), std::unexpected(AddStockError::kTooMany));
  EXPECT_EQ(catalog.add_stock({id, 5, 20, 14}, at(2'999)),
            std::unexpected(AddStockError::kChangedMeanwhile));
  EXPECT_EQ(catalog.add_stock({id, 5, 20, 15}, at(2'999)), 20);
  EXPECT_EQ(catalog.add_stock({id, 1, 99}, at(3'000)), std::unexpected(AddStockError::kEnded));
  EXPECT_EQ(catalog.add_stock({{99}, 1, 99}, at(1)), std::unexpected(AddStockError::kUnknownSale));
  EXPECT_EQ(catalog.sale(id)->quantity, 20);
}

const IdempotentRequest kRequest{key(1), "what is asked for"};
const IdempotentRequest kOther{key(1), "something else"};

TEST_P(CatalogTest, AddsAProductOncePerKey) {
  auto& catalog = shop.catalog();
  const auto added = catalog.add_product({.name = "p"}, at(1), kRequest);
  ASSERT_TRUE(added);
  EXPECT_FALSE(added->before);
  const auto before = revision(shop);
  EXPECT_EQ(catalog.add_product({.name = "p"}, at(2), kRequest),
            (Applied<ProductId>{added->result, true}));
  EXPECT_EQ(revision(shop), before);
  EXPECT_EQ(catalog.add_product({.name = "q"}, at(2), kOther),
            std::unexpected(AddProductError::kKeyTaken));
  EXPECT_EQ(catalog.products().size(), 1U);
}

TEST_P(CatalogTest, AddsStockOncePerKey) {
  auto& catalog = shop.catalog();
  const auto id = shop.sell(10, 1, at(3'000));
  const StockAddition five{id, 5, 99, {}, kRequest};
  EXPECT_EQ(catalog.add_stock(five, at(2)), (Applied<std::int64_t>{15}));
  ASSERT_EQ(catalog.add_stock({id, 7, 99}, at(2)), 22);
  // The same answer, whatever has become of the sale since.
  EXPECT_EQ(catalog.add_stock(five, at(4'000)), (Applied<std::int64_t>{15, true}));
  EXPECT_EQ(catalog.add_stock({id, 6, 99, {}, kOther}, at(2)),
            std::unexpected(AddStockError::kKeyTaken));
  EXPECT_EQ(catalog.sale(id)->quantity, 22);
  EXPECT_EQ(catalog.sale(id)->unleased, 22);
}

TEST_P(CatalogTest, TheSameRequestFromTwoSidesAtOnceIsOneChange) {
  const auto other = shop.storage.open();
  Repositories outside(*other);
  for (int round = 0; round < 20; ++round) {
    const IdempotentRequest request{key(100 + round), "p"};
    std::latch ready{2};
    std::optional<Applied<ProductId>> theirs;
    std::jthread there([&] {
      ready.arrive_and_wait();
      theirs = *outside.catalog().add_product({.name = "p"}, at(1), request);
    });
    ready.arrive_and_wait();
    const auto ours = *shop.catalog().add_product({.name = "p"}, at(1), request);
    there.join();
    EXPECT_EQ(ours.result, theirs->result);
    EXPECT_NE(ours.before, theirs->before);
  }
  EXPECT_EQ(shop.catalog().products().size(), 20U);
}

TEST_P(CatalogTest, UnitsThatWereAddedWhileTheSaleWasOnAreCounted) {
  const auto id = shop.sell(10, 1, at(3'000));
  ASSERT_EQ(shop.catalog().add_stock({id, 5, 99}, at(999)), 15);
  EXPECT_EQ(shop.repositories.audit().audited_sales()[0].added_while_on, 0);
  ASSERT_EQ(shop.catalog().add_stock({id, 7, 99}, at(1'000)), 22);
  EXPECT_EQ(shop.repositories.audit().audited_sales()[0].added_while_on, 7);
}

}  // namespace
}  // namespace stampede::repositories::sql
