#include "controllers/form_tokens.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "identity/base64url.h"
#include "identity/random.h"

namespace stampede::controllers {
namespace {

using CookieBytes = std::array<unsigned char, 16>;

std::string random_cookie() {
  CookieBytes bytes;
  identity::fill_random(bytes);
  return identity::encode_base64url(bytes);
}

bool well_formed(std::string_view cookie) {
  CookieBytes bytes;
  return identity::decode_base64url(cookie, bytes) == bytes.size();
}

/// The claims are the cookie, all of one length, and the expiry in milliseconds since 1970.
std::optional<std::int64_t> expiry_of(std::string_view claims, std::string_view cookie) {
  if (!claims.starts_with(cookie)) return std::nullopt;
  claims.remove_prefix(cookie.size());
  std::int64_t expiry = 0;
  const auto [stopped, error] = std::from_chars(claims.begin(), claims.end(), expiry);
  if (error != std::errc{} || stopped != claims.end()) return std::nullopt;
  return expiry;
}

}  // namespace

FormTokens::Issued FormTokens::issue(const http::Request& request, Instant now) const {
  const std::string_view present = request.cookie("form");
  const bool keep = well_formed(present);
  const std::string value = keep ? std::string(present) : random_cookie();
  const Instant expiry = now + kLifetime;
  Issued issued;
  issued.token = ring_->seal(identity::Purpose::kForm,
                             value + std::to_string(expiry.time_since_epoch().count()));
  if (!keep) {
    issued.cookie = fmt::format("form={}; Path=/; SameSite=Lax; HttpOnly{}", value,
                                request.secure ? "; Secure" : "");
  }
  return issued;
}

bool FormTokens::valid(const http::Request& request, Instant now) const {
  const std::string_view cookie = request.cookie("form");
  const std::string token =
      request.form_field("token").value_or(std::string(request.header("form-token")));
  if (!well_formed(cookie)) return false;
  const auto claims = ring_->open(identity::Purpose::kForm, token);
  if (!claims) return false;
  const auto expiry = expiry_of(*claims, cookie);
  return expiry && now.time_since_epoch().count() < *expiry;
}

std::string new_form_key() {
  return fmt::format("form-{:016x}{:016x}", identity::random_number(), identity::random_number());
}

}  // namespace stampede::controllers
