#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace stampede {

/// A database id that cannot be mistaken for another table's. Valid ids are positive; 0 is "none".
template <class Tag>
struct Id {
  std::int64_t value = 0;

  friend constexpr auto operator<=>(Id, Id) = default;
  explicit constexpr operator bool() const { return value != 0; }
};

/// Boost.ContainerHash looks this up by argument-dependent lookup.
template <class Tag>
std::size_t hash_value(Id<Tag> id) {
  return std::hash<std::int64_t>{}(id.value);
}

using UserId = Id<struct UserTag>;
using ProductId = Id<struct ProductTag>;
using SaleId = Id<struct SaleTag>;
using LeaseId = Id<struct LeaseTag>;
using OrderNumber = Id<struct OrderTag>;

}  // namespace stampede

template <class Tag>
struct std::hash<stampede::Id<Tag>> {
  std::size_t operator()(stampede::Id<Tag> id) const noexcept {
    return std::hash<std::int64_t>{}(id.value);
  }
};
