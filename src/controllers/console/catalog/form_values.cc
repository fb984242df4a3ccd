#include "controllers/console/catalog/form_values.h"

#include <fmt/format.h>

#include <charconv>

#include "model/text/plain_text.h"
#include "model/text/utf8.h"

namespace stampede::controllers {
namespace {

constexpr std::int64_t kHighestWhole = 10'000'000'000;
constexpr std::string_view kDigits = "0123456789";

/// Digits and nothing else, without a sign.
std::optional<std::int64_t> whole(std::string_view text) {
  if (text.empty() || text.find_first_not_of(kDigits) != std::string_view::npos) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), value);
  if (error != std::errc{} || end != text.end()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> cents_of(std::string_view text) {
  const auto point = text.find('.');
  const auto units = whole(text.substr(0, point));
  if (!units || *units > kHighestWhole) return std::nullopt;
  std::int64_t cents = 0;
  if (point != std::string_view::npos) {
    const auto rest = text.substr(point + 1);
    const auto parsed = whole(rest);
    if (!parsed || rest.size() != 2) return std::nullopt;
    cents = *parsed;
  }
  const std::int64_t sum = *units * 100 + cents;
  return sum <= kHighestWhole * 100 ? std::optional{sum} : std::nullopt;
}

}  // namespace

std::string typed(const http::Request& request, std::string_view field) {
  std::string text = request.form_field(field).value_or("");
  for (std::size_t at = 0; (at = text.find("\r\n", at)) != std::string::npos;) text.erase(at, 1);
  return text;
}

std::string shown_again(std::string text) { return is_utf8(text) ? std::move(text) : ""; }

std::optional<IdempotencyKey> form_key(const http::Request& request) {
  return IdempotencyKey::parse(request.form_field("key").value_or(""));
}

std::expected<std::int64_t, std::string> parse_price(std::string_view field,
                                                     std::string_view text) {
  if (const auto cents = cents_of(text)) return *cents;
  return std::unexpected(
      fmt::format("{}: {} is not an amount; expected one like 19.99, of at most {}.00", field,
                  in_quotes(text), kHighestWhole));
}

std::string price_text(std::int64_t cents) {
  return fmt::format("{}.{:02}", cents / 100, cents % 100);
}

std::expected<std::int64_t, std::string> parse_count(std::string_view field,
                                                     std::string_view text) {
  if (const auto count = whole(text)) return *count;
  return std::unexpected(
      fmt::format("{}: {} is not a whole number; expected one like 100", field, in_quotes(text)));
}

std::expected<Instant, std::string> parse_utc(std::string_view field, std::string_view text) {
  for (const std::string_view ending : {"Z", ":00Z"}) {
    if (const auto instant = parse_rfc3339(fmt::format("{}{}", text, ending))) return *instant;
  }
  return std::unexpected(
      fmt::format("{}: {} is not a time; expected one in UTC like 2026-11-22T08:24:00", field,
                  in_quotes(text)));
}

std::string utc_text(Instant instant) {
  std::string text = format_rfc3339(instant);
  text.pop_back();  // Z
  if (text.ends_with(".000")) text.resize(text.size() - 4);
  return text;
}

}  // namespace stampede::controllers
