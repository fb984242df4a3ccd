#pragma once

#include <string>
#include <string_view>

#include "identity/key_ring.h"
#include "model/idempotency_key.h"
#include "model/ids.h"

namespace stampede::controllers {

/// The proof that /check has taken a purchase of a buyer from a lease: a sealed token in the
/// address that comes with "pending". It proves nothing with another lease, so that a purchase that
/// was lost is "pending" no longer than its own lease is open. Whoever opens an event stream shows
/// it, so that nobody holds streams open for purchases that were never sent. Nothing is stored, and
/// every role with the same keys can check it. Thread-safe; the keys outlive it.
class SentPurchases {
 public:
  explicit SentPurchases(const identity::KeyRing& keys) : keys_(&keys) {}

  std::string prove(UserId buyer, SaleId sale, const IdempotencyKey& key, LeaseId lease) const;
  bool proves(std::string_view proof, UserId buyer, SaleId sale, const IdempotencyKey& key,
              LeaseId lease) const;

 private:
  const identity::KeyRing* keys_;
};

}  // namespace stampede::controllers
