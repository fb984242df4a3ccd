#include "services/orders/buyer_orders.h"

#include "services/orders/order_changes.h"

namespace stampede::services::orders {

BuyerOrders::PurchaseReport BuyerOrders::purchase(SaleId sale, UserId buyer,
                                                  const IdempotencyKey& intent, LeaseId lease) {
  const auto snapshot = orders_->purchase(sale, buyer, intent, lease);
  if (snapshot.order) {
    const Order& order = *snapshot.order;
    return {.state = order.active() ? PurchaseState::kSuccess : PurchaseState::kFailed,
            .number = order.number,
            .reason = order.reason,
            .held_until = order.status == OrderStatus::kHeld ? order.pay_by : std::nullopt};
  }
  return {.state = snapshot.lease_open ? PurchaseState::kPending : PurchaseState::kUnknown};
}

std::vector<repositories::OrderLine> BuyerOrders::orders_of(UserId buyer, OrderNumber before,
                                                            std::size_t limit) {
  return orders_->of_buyer(buyer, before, limit);
}

std::optional<repositories::OrderLine> BuyerOrders::order_of(UserId buyer, OrderNumber number) {
  auto line = orders_->find(number);
  if (!line || line->order.buyer != buyer || line->order.status == OrderStatus::kFailed) {
    return std::nullopt;
  }
  return line;
}

std::vector<Payment> BuyerOrders::returned_payments(OrderNumber number) {
  auto payments = events_->payments_of(number);
  std::erase_if(payments, [](const Payment& payment) {
    return payment.state == PaymentState::kKept || payment.reason == OrderChanges::kCancelled;
  });
  return payments;
}

}  // namespace stampede::services::orders
