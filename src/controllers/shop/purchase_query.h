#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>

#include "http/message.h"
#include "model/idempotency_key.h"
#include "services/orders/buyer_orders.h"

namespace stampede::controllers {

/// What /purchases/{sale}/{key}?sent=PROOF&lease=L asks about.
struct PurchaseQuery {
  SaleId sale;                        // none, if it is no number
  std::optional<IdempotencyKey> key;  // likewise: then nothing is known of that purchase
  LeaseId lease;                      // none: then only a row tells anything
  std::string sent;                   // of SentPurchases; may be empty

  /// nullopt if the lease is no number (400, kBadLease). The first two path parameters are sale and
  /// key.
  static std::optional<PurchaseQuery> of(const http::Request& request);
  /// Blocks.
  services::orders::BuyerOrders::PurchaseReport ask(services::orders::BuyerOrders& buyer_orders,
                                                    UserId buyer) const;
};

inline constexpr const char* kBadLease =
    "“lease” is to be the number that came with the pending answer.";

/// {"result": "success", "order": 7}; "held" with `order`, `pay_by` and `pay`, where it is paid;
/// "failed" with a `reason`, "pending" or "unknown".
boost::json::object json_of(const services::orders::BuyerOrders::PurchaseReport& report);

}  // namespace stampede::controllers
