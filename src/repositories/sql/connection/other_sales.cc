#include "repositories/sql/connection/other_sales.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "repositories/storage_error.h"

namespace stampede::repositories::sql {

std::string OtherSales::column(std::string_view sale) {
  return fmt::format(
      "COALESCE((SELECT GROUP_CONCAT(x.id) FROM sales y JOIN sales x ON x.product = y.product "
      "AND x.id <> y.id WHERE y.id = {} AND (x.unleased < x.quantity OR x.failed > 0 "
      "OR x.returned > 0)), '')",
      sale);
}

void OtherSales::note(SaleId sale, std::string_view list) {
  if (list.empty()) return;
  auto& others = others_[sale];
  others.clear();
  const char* next = list.data();
  const char* const end = next + list.size();
  while (true) {
    std::int64_t id = 0;
    const auto [stopped, error] = std::from_chars(next, end, id);
    if (error != std::errc{} || (stopped != end && *stopped != ',')) {
      throw StorageError(StorageError::Kind::kOther, fmt::format("\"{}\" lists no sales", list));
    }
    others.push_back({id});
    if (stopped == end) return;
    next = stopped + 1;
  }
}

std::span<const SaleBuyer> OtherSales::with_others(std::span<const SaleBuyer> ascending) {
  if (others_.empty()) return ascending;
  all_.assign(ascending.begin(), ascending.end());
  for (const SaleBuyer& pair : ascending) {
    const auto others = others_.find(pair.sale);
    if (others == others_.end()) continue;
    for (const SaleId other : others->second) all_.push_back({other, pair.buyer});
  }
  std::ranges::sort(all_);
  const auto rest = std::ranges::unique(all_);
  all_.erase(rest.begin(), rest.end());
  return all_;
}

}  // namespace stampede::repositories::sql
