// Times and numbers as people write them: RFC 3339, forms, the command line, the search for orders.
#include <fmt/format.h>

#include <string>

#include "app/terminal/operator_text.h"
#include "controllers/console/catalog/form_values.h"
#include "controllers/parse_id.h"
#include "model/time.h"
#include "services/orders/order_archive.h"
#include "tests/fuzz/fuzz.h"

namespace stampede::fuzz {
namespace {

using std::chrono::sys_days;

constexpr Instant kFirst{};
constexpr Instant kEnd{sys_days{std::chrono::year{10'000} / 1 / 1}};

bool check_rfc3339(std::string_view text) {
  const auto instant = parse_rfc3339(text);
  if (!instant) return false;
  require(*instant >= kFirst && *instant < kEnd, "years 1970 to 9999");
  const std::string written = format_rfc3339(*instant);
  require(written.size() == 24, "a time is written in 24 characters");
  require(parse_rfc3339(written) == instant, "a time that is written is read as the same");
  return true;
}

bool check_form_time(std::string_view text) {
  const auto instant = controllers::parse_utc("starts", text);
  if (!instant) return false;
  require(*instant >= kFirst && *instant < kEnd, "years 1970 to 9999");
  const auto again = controllers::parse_utc("starts", controllers::utc_text(*instant));
  require(again && *again == *instant, "a form shows the time that it was given");
  return true;
}

bool check_price(std::string_view text) {
  const auto cents = controllers::parse_price("price", text);
  if (!cents) return false;
  require(*cents >= 0 && *cents <= 1'000'000'000'000, "a price of 0 to 10,000,000,000.00");
  const auto again = controllers::parse_price("price", controllers::price_text(*cents));
  require(again && *again == *cents, "a form shows the price that it was given");
  return true;
}

bool check_command_line(std::string_view text) {
  const auto duration = app::parse_duration(text);
  require(!duration || (duration->count() > 0 && *duration <= std::chrono::days{3653}),
          "a duration of at most ten years");
  const auto range = app::parse_user_range(text);
  require(
      !range || (range->first.value >= 1 && range->size() >= 1 && range->size() <= app::kMostUsers),
      "a range of 1 to 10,000,000 users");
  const Instant now = *parse_rfc3339("2026-11-22T08:24:00Z");
  return duration || range || app::parse_time(text, now);
}

bool check_ids(std::string_view text) {
  const auto id = controllers::parse_id<SaleId>(text);
  require(!id || fmt::format("{}", id->value) == text, "an id has one address");
  const auto count = controllers::parse_count("count", text);
  require(!count || *count >= 0, "a count is not negative");
  return id || count;
}

bool check_search(std::string_view text) {
  const std::string typed(text);
  const auto filter = services::orders::parse(
      {.number = typed, .sale = typed, .buyer = typed, .status = "", .from = "", .to = ""});
  require(!filter || !filter->number || filter->number.value == filter->buyer.value,
          "one text is one number");
  require(!filter || filter->number.value >= 0, "no number below 1");
  const auto times = services::orders::parse(
      {.number = "", .sale = "", .buyer = "", .status = "", .from = typed, .to = ""});
  require(!times || !times->from || (*times->from >= kFirst && *times->from < kEnd),
          "years 1970 to 9999");
  return filter || times;
}

}  // namespace

bool accepts(std::string_view bytes) {
  const bool one = check_rfc3339(bytes) | check_form_time(bytes) | check_price(bytes);
  return check_command_line(bytes) | check_ids(bytes) | check_search(bytes) | one;
}

}  // namespace stampede::fuzz
