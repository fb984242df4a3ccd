#include "controllers/shop/sent_purchases.h"

#include <fmt/format.h>

namespace stampede::controllers {
namespace {

using identity::Purpose;

std::string claims_of(UserId buyer, SaleId sale, const IdempotencyKey& key, LeaseId lease) {
  return fmt::format("{} {} {} {}", buyer.value, sale.value, key.text(), lease.value);
}

}  // namespace

std::string SentPurchases::prove(UserId buyer, SaleId sale, const IdempotencyKey& key,
                                 LeaseId lease) const {
  return keys_->seal(Purpose::kSentPurchase, claims_of(buyer, sale, key, lease));
}

bool SentPurchases::proves(std::string_view proof, UserId buyer, SaleId sale,
                           const IdempotencyKey& key, LeaseId lease) const {
  return keys_->open(Purpose::kSentPurchase, proof) == claims_of(buyer, sale, key, lease);
}

}  // namespace stampede::controllers
