#include "app/embedded/embedded_sale.h"

#include <algorithm>
#include <span>
#include <utility>

#include "schedules/periods.h"

namespace stampede::app {
namespace {

constexpr std::size_t kMarkersAtOnce = 10'000;

}  // namespace

EmbeddedSale::EmbeddedSale(const Parts& parts)
    : storage_(parts.storage),
      want_reload_(parts.want_reload),
      checkout_(parts.rules,
                {.captcha = parts.captcha, .queue = parts.queue, .blacklist = blacklist_}),
      leasing_(storage_.leases, parts.queue, checkout_),
      loading_(storage_.orders, checkout_, parts.orders_per_step),
      reload_(reload_parts(parts)),
      writer_(storage_.order_store, kShard),
      expiry_(storage_.order_events, parts.grace) {}

schedules::Reload::Parts EmbeddedSale::reload_parts(const Parts& parts) {
  return {
      .changes = storage_.changes,
      .accounts = storage_.accounts,
      .keys = parts.keys,
      .catalog = parts.catalog,
      .sessions = parts.sessions,
      .bans = schedules::Reload::Parts::Bans{storage_.blacklist, blacklist_},
      .catalog_changed =
          [this, show = parts.show](const std::vector<Sale>& sales, std::vector<Product> products) {
            checkout_.load_sales(sales);
            show(std::move(products));
          },
      .review_stock = [this](Now now) { review_stock(now); }};
}

void EmbeddedSale::start(Now now) {
  close_left_over();
  // Read before the first step of loading, which then has all that happened before.
  const std::int64_t newest = storage_.orders.newest().at(kShard).seq;
  order_changes_.emplace(storage_.order_events, checkout_, kShard, newest);
  reload(now);
}

/// Nothing of these leases is in the queue: it forgot what it had.
void EmbeddedSale::close_left_over() {
  const auto markers = leasing_.fence_left_over();
  for (std::span<const queue::Message> left = markers; !left.empty();) {
    const auto batch = left.first(std::min(left.size(), kMarkersAtOnce));
    writer_.write(batch);
    left = left.subspan(batch.size());
  }
}

void EmbeddedSale::reload(Now now) { reload_.run(now); }

/// What happened to orders is known before their units are sold again.
void EmbeddedSale::review_stock(Now now) {
  order_changes_->step();
  checkout_.catalog().close_ended(now.wall);
  leasing_.review(now, loading_.progress().complete);
}

void EmbeddedSale::housekeep(Now now) {
  checkout_.expire_waits(now.tick);
  if (++rounds_ % schedules::kSweepEvery == 0) checkout_.sweep(now);
}

consumers::BatchWriter::Listener EmbeddedSale::listener() {
  return {.settled = [this](std::span<const Order> orders) { checkout_.settle(orders); },
          .closed = [this](std::span<const LeaseId>) { want_reload_(); },
          .quarantined =
              [this](std::span<const Purchase> purchases) { checkout_.note_refused(purchases); }};
}

}  // namespace stampede::app
