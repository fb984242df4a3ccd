#include "services/orders/order_archive.h"

#include <charconv>
#include <string_view>
#include <utility>

#include "model/time.h"

namespace stampede::services::orders {
namespace {

/// Removes blanks at both ends: pasted text often has them.
std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const auto first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

/// Reads the fields one after another and gathers what is wrong with them.
class Reader {
 public:
  template <class Id>
  void read_id(std::string_view field, const std::string& typed, Id& id) {
    const std::string_view text = trimmed(typed);
    if (text.empty()) return;
    const auto [stopped, error] = std::from_chars(text.begin(), text.end(), id.value);
    if (error == std::errc{} && stopped == text.end() && id.value > 0) return;
    expect(field, "a whole number from 1");
  }

  void read_status(const std::string& typed, std::optional<OrderStatus>& status) {
    const std::string_view text = trimmed(typed);
    if (text.empty()) return;
    for (const OrderStatus each : kOrderStatuses) {
      if (text == to_string(each)) status = each;
    }
    if (!status)
      expect("Status",
             "success, failed, cancelled, held, paid, expired, refund_due, refunded or nothing");
  }

  void read_time(std::string_view field, const std::string& typed, std::optional<Instant>& time) {
    const std::string_view text = trimmed(typed);
    if (text.empty()) return;
    const std::string whole(text);
    // As forms send it: without a zone, and without what is zero.
    for (const char* rest : {"", "Z", ":00Z", "T00:00:00Z"}) {
      time = parse_rfc3339(whole + rest);
      if (time) return;
    }
    expect(field, "a time in UTC like 2026-11-22T08:24, or a day like 2026-11-22");
  }

  void expect(std::string_view field, std::string_view expected) {
    errors_.push_back(std::string(field) + ": expected " + std::string(expected) + ".");
  }
  std::vector<std::string> take_errors() { return std::move(errors_); }

 private:
  std::vector<std::string> errors_;
};

}  // namespace

std::expected<repositories::OrderFilter, std::vector<std::string>> parse(const OrderQuery& query) {
  repositories::OrderFilter filter;
  Reader reader;
  reader.read_id("Order number", query.number, filter.number);
  reader.read_id("Sale", query.sale, filter.sale);
  reader.read_id("Buyer", query.buyer, filter.buyer);
  reader.read_status(query.status, filter.status);
  reader.read_time("Ordered from", query.from, filter.from);
  reader.read_time("Ordered before", query.to, filter.to);
  if (filter.from && filter.to && *filter.to <= *filter.from) {
    reader.expect("Ordered before", "a time after “Ordered from”");
  }
  auto errors = reader.take_errors();
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return filter;
}

std::optional<repositories::FoundOrder> OrderArchive::find(OrderNumber number) {
  auto found = search_->find({.number = number}, {}, 1);
  if (found.orders.empty()) return std::nullopt;
  return std::move(found.orders.front());
}

}  // namespace stampede::services::orders
