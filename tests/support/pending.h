#pragma once

#include <fmt/format.h>

#include <string>

#include "controllers/shop/sent_purchases.h"
#include "tests/support/shop.h"

namespace stampede::test_support {

/// What Location would say of a pending purchase in the shop's first sale, out of its first lease;
/// sealed by the shop's own keys. It stays pending for as long as the lease is open.
inline std::string pending_address(const Shop& shop, UserId buyer, const std::string& key) {
  const identity::KeyRing keys(shop.data() / "keys");
  const std::string proof = controllers::SentPurchases(keys).prove(
      buyer, SaleId{1}, *IdempotencyKey::parse(key), LeaseId{1});
  return fmt::format("/purchases/1/{}?lease=1&sent={}", key, proof);
}

}  // namespace stampede::test_support
