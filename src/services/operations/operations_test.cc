// Every change is made, written into the audit log once, and told; what is refused leaves no trace.
#include <gmock/gmock.h>

#include <algorithm>

#include "identity/key_ring.h"
#include "services/operations/catalog_operations.h"
#include "services/operations/key_operations.h"
#include "services/operations/operator_operations.h"
#include "services/operations/order_operations.h"
#include "services/operations/token_operations.h"
#include "services/operations/user_operations.h"
#include "tests/support/fakes/fake_api_tokens.h"
#include "tests/support/fakes/fake_buyers.h"
#include "tests/support/fakes/fake_order_events.h"
#include "tests/support/fakes/fake_pictures.h"
#include "tests/support/fakes/fake_second_factors.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_ring.h"

namespace stampede::services::operations {
namespace {

using repositories::AddStockError;
using repositories::Applied;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// One product and one sale; remembers the last key.
class SmallCatalog final : public repositories::Catalog {
 public:
  std::expected<Applied<ProductId>, repositories::AddProductError> add_product(
      const ProductDetails& facts, Instant,
      const std::optional<repositories::IdempotentRequest>& request) override {
    if (request && request->key == key) return Applied<ProductId>{product_.id, true};
    if (request) key = request->key;
    product_.name = facts.name;
    return Applied<ProductId>{product_.id};
  }
  bool change_product(ProductId id, const ProductDetails& facts) override {
    product_.name = facts.name;
    product_.description = facts.description;
    return id == product_.id;
  }
  std::vector<Product> products() override { return {product_}; }
  std::optional<Product> product(ProductId id) override {
    return id == product_.id ? std::optional{product_} : std::nullopt;
  }
  std::expected<SaleId, repositories::CreateSaleError> create_sale(const Sale& sale,
                                                                   Instant) override {
    sale_ = sale;
    sale_.id = SaleId{3};
    return sale_.id;
  }
  repositories::ListedSales sales() override { return {.revision = 1, .sales = {sale_}}; }
  std::optional<Sale> sale(SaleId id) override {
    return id == sale_.id ? std::optional{sale_} : std::nullopt;
  }
  std::expected<void, repositories::ChangeSaleError> change_sale(const Sale& sale, std::int64_t,
                                                                 Instant) override {
    sale_ = sale;
    return {};
  }
  std::expected<Applied<std::int64_t>, AddStockError> add_stock(
      const repositories::StockAddition& addition, Instant) override {
    if (addition.sale != sale_.id) return std::unexpected(AddStockError::kUnknownSale);
    if (addition.request && addition.request->key == key) {
      return Applied<std::int64_t>{sale_.quantity, true};
    }
    if (addition.request) key = addition.request->key;
    return Applied<std::int64_t>{sale_.quantity += addition.units};
  }
  bool end_sale(SaleId id, Instant now) override {
    sale_.ends_at = now;
    return id == sale_.id;
  }

  std::optional<IdempotencyKey> key;

 private:
  Product product_{.id = ProductId{7}, .name = "Fox", .description = "red"};
  Sale sale_;
};

class OperationsTest : public testing::Test {
 protected:
  OperationsTest() {
    Sale sale;
    sale.product = ProductId{7};
    sale.price_cents = 100;
    sale.quantity = 10;
    sale.starts_at = kNow.wall + std::chrono::hours{1};
    sale_ = *catalog_.create_sale(kWho, sale);
    log_.entries.clear();
  }
  std::vector<std::string> changes() const {
    std::vector<std::string> lines;
    for (const auto& entry : log_.entries) lines.push_back(entry.action + ", " + entry.subject);
    return lines;
  }

  const Now kNow{*parse_rfc3339("2026-11-22T08:24:00Z"), Tick{}};
  const Operator kWho{"cli:alice", kNow};
  const IdempotencyKey kKey = *IdempotencyKey::parse("0123456789abcdef");
  test_support::FakeBuyers users_;
  test_support::FakeAuditLog log_;
  audit::Journal journal_{log_, users_};
  SmallCatalog storage_;
  test_support::FakePictures pictures_;
  CatalogOperations catalog_{storage_, pictures_, journal_};
  UserOperations user_operations_{{users_, users_, users_}, journal_};
  SaleId sale_;
};

TEST_F(OperationsTest, AChangeIsJournaledInTheOperatorsName) {
  ASSERT_TRUE(catalog_.change_product(kWho, ProductId{7}, [](auto& facts) { facts.name = "Owl"; }));
  EXPECT_EQ(storage_.product(ProductId{7})->name, "Owl");
  EXPECT_EQ(storage_.product(ProductId{7})->description, "red") << "what is not touched stays";
  ASSERT_EQ(log_.entries.size(), 1U);
  EXPECT_EQ(log_.entries[0].actor, "cli:alice");
  EXPECT_EQ(log_.entries[0].at, kNow.wall);
  EXPECT_THAT(changes(), ElementsAre("product change, product 7"));
}

TEST_F(OperationsTest, AChangeThatWasAppliedBeforeIsJournaledOnce) {
  const CatalogOperations::MoreStock more{.sale = sale_, .units = 5, .known = {}, .key = kKey};
  EXPECT_EQ(catalog_.add_stock(kWho, more), (Applied<std::int64_t>{15}));
  EXPECT_EQ(catalog_.add_stock(kWho, more), (Applied<std::int64_t>{15, true}));
  EXPECT_THAT(changes(), ElementsAre("sale add-stock, sale 3: 5 units more, 15 in all"));
  log_.entries.clear();
  storage_.key.reset();
  EXPECT_FALSE(catalog_.add_product(kWho, {.name = "Owl"}, kKey)->before);
  EXPECT_TRUE(catalog_.add_product(kWho, {.name = "Owl"}, kKey)->before);
  EXPECT_THAT(changes(), ElementsAre("product add, product 7"));
}

TEST_F(OperationsTest, ASaleEndsOnce) {
  EXPECT_EQ(catalog_.end_sale(kWho, sale_), (Applied<SaleId>{sale_}));
  EXPECT_EQ(catalog_.end_sale(kWho, sale_), (Applied<SaleId>{sale_, true}));
  EXPECT_THAT(changes(), ElementsAre("sale end, sale 3"));
}

TEST_F(OperationsTest, WhatIsRefusedIsSaidAndNotJournaled) {
  const auto nothing = [](auto&) {};
  EXPECT_THAT(catalog_.add_product(kWho, {.name = ""}).error(), HasSubstr("name: "));
  EXPECT_THAT(catalog_.change_product(kWho, ProductId{9}, nothing).error(),
              HasSubstr("there is no product 9"));
  EXPECT_THAT(catalog_.add_picture(kWho, ProductId{7}, "", "text").error(), HasSubstr("PNG"));
  EXPECT_THAT(catalog_.remove_picture(kWho, ProductId{7}, PictureId{2}).error(),
              HasSubstr("product 7 has no picture 2"));
  EXPECT_THAT(catalog_.create_sale(kWho, {}).error(), HasSubstr("quantity: "));
  EXPECT_THAT(catalog_.change_sale(kWho, SaleId{9}, nothing).error(),
              HasSubstr("there is no sale 9"));
  EXPECT_THAT(catalog_.change_sale(kWho, sale_, nothing, 11).error(), HasSubstr("not 11"));
  EXPECT_THAT(
      catalog_.add_stock(kWho, {.sale = SaleId{9}, .units = 1, .known = {}, .key = {}}).error(),
      HasSubstr("there is no sale 9"));
  EXPECT_THAT(catalog_.end_sale(kWho, SaleId{9}).error(), HasSubstr("there is no sale 9"));
  EXPECT_EQ(user_operations_.ban(kWho, UserId{99}, {"a bot", {}}).error(),
            accounts::BanError::kUnknownUser);
  EXPECT_EQ(user_operations_.unban(kWho, UserId{99}).error(), accounts::BanError::kUnknownUser);
  EXPECT_THAT(user_operations_.add(kWho, {"x", "long enough", UserRole::kBuyer}).error(),
              HasSubstr("user \"x\""));
  EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(OperationsTest, PaymentsAndRefundsAreJournaledOnceWithWhatBecameOfThem) {
  test_support::FakeOrderEvents events;
  events.sale.price_cents = 1999;
  events.orders = {{.number = OrderNumber{8},
                    .intent = kKey,
                    .status = OrderStatus::kHeld,
                    .pay_by = kNow.wall}};
  OrderOperations orders{events, journal_};
  const orders::CapturedPayment cash{.reference = "cash:1", .amount_cents = 1999};
  EXPECT_EQ(orders.pay(kWho, OrderNumber{8}, cash)->result.state, PaymentState::kKept);
  EXPECT_TRUE(orders.pay(kWho, OrderNumber{8}, cash)->before);
  const orders::CapturedPayment again{.reference = "cash:2", .amount_cents = 1999};
  EXPECT_EQ(orders.pay(kWho, OrderNumber{8}, again)->result.state, PaymentState::kRefundDue);
  EXPECT_FALSE(orders.refund(kWho, "cash:2")->before);
  EXPECT_TRUE(orders.refund(kWho, "cash:2")->before);
  EXPECT_THAT(orders.refund(kWho, "cash:1").error(), HasSubstr("kept by order 8"));
  EXPECT_THAT(orders.pay(kWho, OrderNumber{9}, {.reference = "cash:3", .amount_cents = 1}).error(),
              HasSubstr("there is no order 9"));
  EXPECT_THAT(changes(), ElementsAre("order pay, order 8: 1999 cents by cash:1",
                                     "order pay, order 8: 1999 cents by cash:2, to go back: "
                                     "paid-already",
                                     "order refund, order 8: 1999 cents by cash:2"));
  EXPECT_EQ(events.events.front().actor, "cli:alice");
  EXPECT_EQ(orders.payments_of(OrderNumber{8}).size(), 2U);
}

TEST_F(OperationsTest, UsersAreBannedAndUnbanned) {
  const UserId bob = users_.add("bob");
  ASSERT_TRUE(user_operations_.ban(kWho, bob, {"a bot", std::chrono::hours{1}}));
  ASSERT_TRUE(user_operations_.unban(kWho, bob));
  EXPECT_EQ(user_operations_.unban(kWho, bob).error(), accounts::BanError::kNotBanned);
  const std::string subject = "user " + std::to_string(bob.value) + " bob";
  EXPECT_THAT(changes(), ElementsAre("user ban, " + subject + ": a bot", "user unban, " + subject));
}

TEST_F(OperationsTest, AUserIsLoggedOutAndAnUnknownOneIsTold) {
  const UserId bob = users_.add("bob");
  const test_support::TempDir folder;
  identity::KeyRing::create(folder.path() / "keys");
  const identity::KeyRing ring(folder.path() / "keys");
  accounts::Sessions sessions{ring};
  using Error = UserOperations::LogOutError;
  EXPECT_EQ(user_operations_.log_out(kWho, UserRole::kOwner, UserId{99}, sessions).error(),
            Error::kUnknownUser);
  EXPECT_THAT(changes(), IsEmpty());
  EXPECT_EQ(user_operations_.log_out(kWho, UserRole::kOperator, bob, sessions)->name, "bob");
  EXPECT_THAT(changes(), ElementsAre("user logout, user " + std::to_string(bob.value) + " bob"));
}

TEST_F(OperationsTest, OwnersAloneLogOwnersOut) {
  const UserId olga = users_.add("olga", UserRole::kOwner);
  const UserId otto = users_.add("otto", UserRole::kOperator);
  const test::TestRing ring;
  accounts::Sessions sessions{ring.ring()};
  EXPECT_EQ(user_operations_.log_out(kWho, UserRole::kOperator, olga, sessions).error(),
            UserOperations::LogOutError::kOwnersAlone);
  EXPECT_EQ(users_.find(olga)->session_epoch, 0);
  EXPECT_THAT(changes(), IsEmpty());
  EXPECT_TRUE(user_operations_.log_out(kWho, UserRole::kOperator, otto, sessions));
  EXPECT_TRUE(user_operations_.log_out(kWho, UserRole::kOwner, olga, sessions));
  EXPECT_EQ(users_.find(olga)->session_epoch, 1);
}

TEST_F(OperationsTest, OperatorsGetRolesAndSecondFactors) {
  const auto id = user_operations_.add(kWho, {"vera", "long enough", UserRole::kViewer});
  ASSERT_TRUE(id);
  test_support::FakeSecondFactors factors{&users_};
  const test::TestRing ring;
  accounts::SecondFactor factor{factors, ring.ring()};
  OperatorOperations operators{users_, factors, journal_};
  ASSERT_TRUE(operators.set_role(kWho, *users_.find(*id), UserRole::kOwner));
  EXPECT_EQ(users_.find(*id)->role, UserRole::kOwner);
  EXPECT_EQ(users_.find(*id)->session_epoch, 1) << "every session of the old role ends";
  EXPECT_THAT(operators.renew_second_factor(kWho, *users_.find(*id), factor).value(),
              HasSubstr("otpauth://totp/Stampede:vera?secret="));
  EXPECT_EQ(users_.find(*id)->session_epoch, 2) << "and those without the new second factor";
  ASSERT_TRUE(operators.remove_second_factor(kWho, *users_.find(*id)));
  EXPECT_EQ(users_.find(*id)->session_epoch, 3) << "and those that were begun with it";
  const std::string subject = "user " + std::to_string(id->value) + " vera";
  EXPECT_THAT(
      changes(),
      ElementsAre("operator add viewer, " + subject, "operator role, " + subject + ": owner",
                  "operator totp, " + subject, "operator totp remove, " + subject));
  log_.entries.clear();
  const User bob = *users_.find(users_.add("bob"));
  EXPECT_THAT(operators.set_role(kWho, bob, UserRole::kOwner).error(), HasSubstr("is a buyer"));
  EXPECT_THAT(operators.renew_second_factor(kWho, bob, factor).error(), HasSubstr("is a buyer"));
  EXPECT_THAT(operators.set_role(kWho, *users_.find(*id), UserRole::kBuyer).error(),
              HasSubstr("expected viewer, operator or owner"));
  EXPECT_FALSE(operators.remove_second_factor(kWho, *users_.find(*id)));
  EXPECT_THAT(changes(), IsEmpty());
}

TEST_F(OperationsTest, AnOperatorIsRemovedButNotTheLastOwner) {
  test_support::FakeSecondFactors factors;
  OperatorOperations operators{users_, factors, journal_};
  const UserId olga = users_.add("olga", UserRole::kOwner);
  const UserId vera = users_.add("vera", UserRole::kViewer, "hash");
  EXPECT_THAT(operators.remove(kWho, *users_.find(olga)).error(),
              testing::AllOf(HasSubstr("olga is the last owner"), HasSubstr("operator add")));
  EXPECT_EQ(users_.find(olga)->role, UserRole::kOwner);
  EXPECT_THAT(changes(), IsEmpty());

  EXPECT_EQ(operators.remove(kWho, *users_.find(vera)), SessionEpoch{1});
  EXPECT_EQ(users_.find(vera)->role, UserRole::kBuyer);
  EXPECT_EQ(users_.find(vera)->password_hash, "!");
  EXPECT_THAT(operators.remove(kWho, *users_.find(vera)).error(), HasSubstr("is a buyer"));
  EXPECT_THAT(changes(),
              ElementsAre("operator remove, user " + std::to_string(vera.value) + " vera"));
  EXPECT_THAT(operators.set_role(kWho, *users_.find(olga), UserRole::kViewer).error(),
              HasSubstr("olga is the last owner"));
  EXPECT_TRUE(operators.set_role(kWho, *users_.find(olga), UserRole::kOwner)) << "as before";
  users_.add("oda", UserRole::kOwner);
  EXPECT_TRUE(operators.remove(kWho, *users_.find(olga))) << "there is another one";
}

TEST_F(OperationsTest, MintingIsJournaledBeforeTheFirstUser) {
  using Told = std::pair<std::int64_t, std::size_t>;
  std::vector<Told> told;
  user_operations_.mint(kWho, UserId{5}, UserId{25'000},
                        [&](UserId first, const std::vector<SessionEpoch>& epochs) {
                          EXPECT_THAT(changes(), ElementsAre("mint, users 5-25000"));
                          told.emplace_back(first.value, epochs.size());
                        });
  EXPECT_THAT(told, ElementsAre(Told{5, 10'000}, Told{10'005, 10'000}, Told{20'005, 4'996}));
}

TEST_F(OperationsTest, KeysAreJournaledAfterTheyWereRotated) {
  const test_support::TempDir folder;
  KeyOperations keys(folder.path() / "keys", journal_);
  EXPECT_THROW(keys.rotate(kWho), identity::KeyFileError) << "there are none";
  EXPECT_THAT(changes(), IsEmpty());
  identity::KeyRing::create(keys.file());
  identity::KeyRing ring(keys.file());
  keys.rotate(kWho);
  EXPECT_TRUE(ring.reload());
  EXPECT_THAT(changes(), ElementsAre("keys rotate, " + keys.file().string()));
}

struct TokenOperationsTest : testing::Test {
  test_support::FakeApiTokens tokens;
  test_support::FakeBuyers users;
  test_support::FakeAuditLog log;
  audit::Journal journal{log, users};
  TokenOperations operations{tokens, journal};
  const Operator olga{"cli:olga", {Instant{std::chrono::seconds{1'800'000'000}}, Tick{}}};
};

TEST_F(TokenOperationsTest, ATokenIsMadeAndRevokedAndBothAreJournaled) {
  const auto made = operations.create(
      olga, {.name = "shop",
             .scopes = {ApiScope::kOrdersWrite, ApiScope::kOrdersRead, ApiScope::kOrdersWrite}});
  ASSERT_TRUE(made) << made.error();
  EXPECT_THAT(made->token.scopes, ElementsAre(ApiScope::kOrdersRead, ApiScope::kOrdersWrite));
  EXPECT_EQ(log.entries.back().subject, "token 1 (shop): orders:read orders:write");
  EXPECT_THAT(log.entries.back().subject, testing::Not(HasSubstr(made->text)));
  const auto revoked = operations.revoke(olga, made->token.id);
  ASSERT_TRUE(revoked) << revoked.error();
  EXPECT_FALSE(revoked->before);
  EXPECT_EQ(revoked->result.revoked_at, olga.now.wall);
  EXPECT_TRUE(operations.revoke(olga, made->token.id)->before);
  EXPECT_EQ(log.entries.size(), 2U);
}

TEST_F(TokenOperationsTest, WhatIsWrongWithATokenIsSaid) {
  const std::vector<ApiScope> read = {ApiScope::kOrdersRead};
  EXPECT_THAT(operations.create(olga, {.name = "", .scopes = read}).error(), HasSubstr("name"));
  EXPECT_THAT(operations.create(olga, {.name = std::string(61, 'x'), .scopes = read}).error(),
              HasSubstr("61 bytes"));
  EXPECT_THAT(operations.create(olga, {.name = "shop", .scopes = {}}).error(), HasSubstr("scope"));
  EXPECT_THAT(operations.create(olga, {.name = "shop", .scopes = read, .expires_at = olga.now.wall})
                  .error(),
              HasSubstr("expires"));
  EXPECT_THAT(operations.revoke(olga, ApiTokenId{1}).error(), HasSubstr("no token 1"));
  EXPECT_THAT(tokens.tokens, IsEmpty());
  EXPECT_THAT(log.entries, IsEmpty());
}

}  // namespace
}  // namespace stampede::services::operations
