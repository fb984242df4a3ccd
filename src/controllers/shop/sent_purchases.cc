#include "controllers/shop/sent_purchases.h"

#include <fmt/format.h>

namespace stampede::controllers {
namespace {

using identity::Purpose;

std::string claims_of(UserId buyer, SaleId sale, const IdempotencyKey& key) {
  return fmt::format("{} {} {}", buyer.value, sale.value, key.text());
}

}  // namespace

std::string SentPurchases::prove(UserId buyer, SaleId sale, const IdempotencyKey& key) const {
  return keys_->seal(Purpose::kSentPurchase, claims_of(buyer, sale, key));
}

bool SentPurchases::proves(std::string_view proof, UserId buyer, SaleId sale,
                           const IdempotencyKey& key) const {
  return keys_->open(Purpose::kSentPurchase, proof) == claims_of(buyer, sale, key);
}

}  // namespace stampede::controllers
