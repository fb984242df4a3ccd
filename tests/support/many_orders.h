#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <string>

// For tests of shops with many orders, which are written into the database by SQL.
namespace stampede::test_support {

/// The columns that an order needs, in the order in which the tests give their values.
inline constexpr const char* kOrderColumns =
    "number, sale, buyer, intent, slot, lease, status, reason, seq, created_at";

/// LARGE_SHOP_ORDERS (`./test --long`: 10,000,000), or 300,000; at least 10.
inline std::int64_t count_of_orders() {
  const char* orders = std::getenv("LARGE_SHOP_ORDERS");
  return orders == nullptr ? 300'000 : std::stoll(orders);
}

/// The key of the order that buyer `id` has.
inline std::string key_of(std::int64_t id) { return fmt::format("intent-{:016}", id); }

}  // namespace stampede::test_support
