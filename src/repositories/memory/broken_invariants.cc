#include "repositories/memory/broken_invariants.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include "model/orders/order_number.h"

namespace stampede::repositories::memory {
namespace {

/// Where the shards end, by their orders and events.
std::vector<ShardEnd> ends_of(const MemoryStore::State& state) {
  std::vector<std::vector<Order>> shards(state.shards.size());
  std::map<OrderNumber, const Order*> by_number;
  const auto add = [&](const Order& order) {
    shards[static_cast<std::size_t>(shard_of(order.number, std::ssize(shards)))].push_back(order);
  };
  for (const Order& order : state.orders) {
    by_number[order.number] = &order;
    add(as_created(order));
  }
  for (const OrderEvent& event : state.events) {
    add(after(as_created(*by_number.at(event.order)), event));
  }
  std::vector<ShardEnd> ends(shards.size());
  for (std::size_t i = 0; i < shards.size(); ++i) {
    std::ranges::sort(shards[i], {}, &Order::seq);
    for (const Order& order : shards[i]) ends[i].add(order);
  }
  return ends;
}

}  // namespace

std::vector<std::string> broken_invariants(const MemoryStore::State& state) {
  std::vector<std::string> broken;
  std::map<SaleId, std::int64_t> active;
  std::map<std::pair<SaleId, UserId>, std::int64_t> held;
  std::set<std::tuple<SaleId, UserId, std::string_view>> intents;
  std::set<std::tuple<ProductId, UserId, std::string_view>> bought;
  for (const Order& order : state.orders) {
    if (!intents.emplace(order.sale, order.buyer, order.intent.text()).second) {
      broken.emplace_back("I5: two orders of one intent");
    }
    if (!order.active()) continue;
    const ProductId product = state.sales.at(order.sale).product;
    if (!bought.emplace(product, order.buyer, order.intent.text()).second) {
      broken.emplace_back("I5: two active orders of one intent, in sales of one product");
    }
    ++active[order.sale];
    if (++held[{order.sale, order.buyer}] > state.sales.at(order.sale).per_buyer_limit) {
      broken.emplace_back("I5: a buyer over the limit");
    }
  }
  if (!std::ranges::equal(ends_of(state), state.shards, {}, &ShardEnd::digest, &ShardEnd::digest)) {
    broken.emplace_back("a shard's digest is not that of its orders");
  }
  for (const auto& [id, sale] : state.sales) {
    SalePosition position{.sale = sale, .sold = active[id]};
    for (const auto& [lease_id, lease] : state.leases) {
      if (lease.sale != id) continue;
      if (lease.sold > lease.granted) broken.emplace_back("I2: a lease sold more than granted");
      if (lease.state != LeaseState::kClosed) position.leased += lease.unsold();
    }
    if (sale.unleased < 0 || active[id] > sale.quantity) broken.emplace_back("I2: oversold");
    if (!position.balanced()) broken.emplace_back("I1: the units of a sale do not add up");
  }
  return broken;
}

}  // namespace stampede::repositories::memory
