#include "schedules/order_loading.h"

#include <algorithm>

#include "model/retention.h"
#include "telemetry/log.h"

namespace stampede::schedules {
namespace {

/// A line in the log each time so many orders became known: a few seconds of loading.
constexpr std::int64_t kOrdersPerLine = 500'000;

}  // namespace

OrderLoading::OrderLoading(repositories::Orders& orders, services::purchase::Checkout& checkout,
                           std::size_t orders_per_step)
    : orders_(&orders), checkout_(&checkout), orders_per_step_(orders_per_step) {
  checkout_->doubt_from(Tick::min());
}

void OrderLoading::step(Now now) {
  if (complete_) return;
  if (!begun_) begin(now);
  if (recent_.sales.empty() || next_ > recent_.last) return finish(now);
  auto orders = orders_->numbered(next_, recent_.last, orders_per_step_);
  const bool all = orders.size() < orders_per_step_;
  next_.value = all ? recent_.last.value + 1 : orders.back().number.value + 1;
  std::erase_if(orders, [&](const Order& order) {
    return !std::ranges::binary_search(recent_.sales, order.sale);
  });
  checkout_->settle(orders);
  const std::int64_t before = known_;
  known_ = before + std::ssize(orders);
  left_ = recent_.last.value + 1 - next_.value;
  if (all) return finish(now);
  if (before / kOrdersPerLine != known_ / kOrdersPerLine) {
    telemetry::log_info("orders are being loaded", "orders={} numbers_left={}", known_.load(),
                        left_.load());
  }
}

void OrderLoading::begin(Now now) {
  // Read first: a sale that is made meanwhile is not taken for one that is left out.
  const auto sales = checkout_->catalog().snapshot();
  recent_ = orders_->recent_sales(now.wall - kRetention);
  services::purchase::SaleCatalog::note_not_loaded(*sales, recent_.sales);
  next_ = recent_.first;
  if (!recent_.sales.empty())
    left_ = std::max<std::int64_t>(0, recent_.last.value + 1 - next_.value);
  begun_at_ = now.tick;
  begun_ = true;
}

void OrderLoading::finish(Now now) {
  left_ = 0;
  complete_ = true;
  checkout_->doubt_from(Tick::max());
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now.tick - begun_at_);
  telemetry::log_info("orders known", "orders={} ms={}", known_.load(), took.count());
}

OrderLoading::Progress OrderLoading::progress() const {
  return {.known = known_, .left = left_, .complete = complete_};
}

}  // namespace stampede::schedules
