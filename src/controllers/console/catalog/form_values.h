#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "model/idempotency_key.h"
#include "model/time.h"

/// What operators type into forms. Errors are sentences that name the field, what was typed and
/// what was expected.
namespace stampede::controllers {

/// The status of a page that shows a form again, with what was wrong.
inline constexpr int kRefused = 422;

/// A field as typed, with line ends of \n; empty if it is missing.
std::string typed(const http::Request& request, std::string_view field);
/// What may be shown on a page, which is UTF-8: the text itself, or nothing.
std::string shown_again(std::string text);

/// The idempotency key of the form; nullopt if it has none.
std::optional<IdempotencyKey> form_key(const http::Request& request);

/// "1299", "19.99" in cents, exactly; 0 to 10,000,000,000.00.
std::expected<std::int64_t, std::string> parse_price(std::string_view field, std::string_view text);
/// 1999 → "19.99", as parse_price() takes it.
std::string price_text(std::int64_t cents);

/// A whole number from 0 on.
std::expected<std::int64_t, std::string> parse_count(std::string_view field, std::string_view text);

/// "2026-11-22T08:24", with seconds or without, in UTC: what <input type="datetime-local"> sends.
std::expected<Instant, std::string> parse_utc(std::string_view field, std::string_view text);
/// As parse_utc() takes it.
std::string utc_text(Instant instant);

}  // namespace stampede::controllers
