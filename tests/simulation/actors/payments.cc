#include "tests/simulation/actors/payments.h"

#include <algorithm>

namespace stampede::simulation {

using namespace std::chrono_literals;
using repositories::StorageError;

Payments::Payments(Stage& stage, Network& network, SimDatabase& database, Checks& checks)
    : stage_(&stage),
      database_(&database),
      checks_(&checks),
      process_(stage, "payments"),
      client_(stage, network, database, process_) {}

void Payments::start() {
  process_.start();
  look();
}

void Payments::later(Duration low, Duration high, std::function<void()> what) {
  process_.after(stage_->random.between(low, high), std::move(what));
}

void Payments::look() {
  const auto& state = database_->store.view();
  for (; orders_seen_ < state.orders.size(); ++orders_seen_) {
    const Order& order = state.orders[orders_seen_];
    if (order.pay_by) decide(order);
  }
  for (const Payment& payment : state.payments) {
    const bool due = payment.state == PaymentState::kRefundDue;
    if (!due || !refunding_.insert(payment.reference).second) continue;
    later(10ms, 3s, [this, reference = payment.reference] { refund(reference); });
  }
  process_.after(200ms, [this] { look(); });
}

/// In time, in the last moment, when it is too late, twice, too little, or never.
void Payments::decide(const Order& held) {
  Random& random = stage_->random;
  const Duration hold = *stage_->profile.hold;
  const std::int64_t price = database_->store.view().sales.at(held.sale).price_cents;
  const auto pay = [&](Duration low, Duration high, std::int64_t cents) {
    ++planned_;
    later(low, high, [this, number = held.number, cents] { capture(number, cents); });
  };
  if (random.chance(0.5)) pay(0us, hold, price);
  if (random.chance(0.1)) pay(hold, hold + kGrace, price);
  if (stage_->profile.calm) return;  // a late payment may take what another purchase was for
  if (random.chance(0.15)) pay(hold + kGrace, hold + kGrace + 8s, price);
  if (random.chance(0.05)) pay(0us, hold, price - 1);
}

void Payments::capture(OrderNumber number, std::int64_t cents) {
  --planned_;
  const std::string reference = "demo:" + std::to_string(captured_.size() + 1);
  captured_[reference] = {number, cents};
  checks_->captured(reference, number, cents);
  untold_.insert(reference);
  const bool slow = !stage_->profile.calm && stage_->random.chance(0.1);
  later(1ms, slow ? 10s : 500ms, [this, reference] { tell(reference); });
}

void Payments::tell(const std::string& reference) {
  bool again = stage_->random.chance(0.2);
  const Captured& payment = captured_.at(reference);
  const bool other = stage_->bug == Bug::kPaymentToldTwice && !untold_.contains(reference);
  try {
    const auto told =
        changes_.pay(payment.order, {other ? reference + "-again" : reference, payment.cents},
                     "demo", database_->process.now().wall);
    if (!told) throw Breach("a payment: " + told.error());
    stage_->trace.note(reference, to_string(told->result.state), {payment.order.value});
    untold_.erase(reference);
  } catch (const StorageError&) {
    again = true;
  }
  if (again) later(10ms, 3s, [this, reference] { tell(reference); });
}

void Payments::refund(const std::string& reference) {
  bool again = stage_->random.chance(0.2);
  try {
    const auto refunded = changes_.refund(reference, "operator", database_->process.now().wall);
    if (!refunded) throw Breach("a refund: " + refunded.error());
  } catch (const StorageError&) {
    again = true;
  }
  if (again) later(10ms, 3s, [this, reference] { refund(reference); });
}

bool Payments::done() const {
  return planned_ == 0 && untold_.empty() &&
         std::ranges::none_of(database_->store.view().payments, [](const Payment& payment) {
           return payment.state == PaymentState::kRefundDue;
         });
}

}  // namespace stampede::simulation
