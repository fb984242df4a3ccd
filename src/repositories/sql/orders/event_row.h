#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/orders/order_event.h"
#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {

/// The one of `values` whose name it is. Throws StorageError.
template <class Enum, std::size_t size>
Enum named(const std::string& name, const std::array<Enum, size>& values, std::string_view column) {
  for (const Enum value : values) {
    if (to_string(value) == name) return value;
  }
  throw StorageError(StorageError::Kind::kOther,
                     fmt::format("{} is \"{}\", which no stampede writes", column, name));
}

/// `order_events e`, as SOCI fills it.
struct EventRow {
  static constexpr const char* kColumns =
      "e.order_number, e.kind, e.actor, e.reason, e.seq, e.created_at, e.amount_cents";
  std::int64_t order_number = 0, seq = 0, created_at = 0;
  std::string kind, actor, reason;
  Nullable amount_cents;

  void define(soci::statement& statement) {
    statement.exchange(soci::into(order_number));
    for (auto* column : {&kind, &actor, &reason}) statement.exchange(soci::into(*column));
    for (auto* column : {&seq, &created_at}) statement.exchange(soci::into(*column));
    statement.exchange(into(amount_cents));
  }
  OrderEvent event() const {
    return {.order = {order_number},
            .kind = named(kind, kOrderEventKinds, "order_events.kind"),
            .actor = actor,
            .reason = reason,
            .at = to_instant(created_at),
            .seq = seq,
            .amount_cents = amount_cents.number()};
  }
};

}  // namespace stampede::repositories::sql
