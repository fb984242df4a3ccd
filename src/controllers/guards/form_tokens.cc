#include "controllers/guards/form_tokens.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "controllers/guards/cookie_names.h"
#include "controllers/guards/host_cookie.h"
#include "identity/base64url.h"
#include "identity/fingerprint.h"
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

std::string cookie_name(const http::Request& request) {
  return host_cookie(kFormCookie, request.secure);
}

/// What a token proves: the browser, by a cookie, and what the form is for.
std::string proof_of(std::string_view cookie, std::string_view action) {
  return identity::fingerprint({cookie, action});
}

/// The claims are the proof and the expiry in milliseconds since 1970.
std::optional<std::int64_t> expiry_of(std::string_view claims, std::string_view proof) {
  if (!identity::equal_in_constant_time(claims.substr(0, proof.size()), proof)) return std::nullopt;
  claims.remove_prefix(proof.size());
  std::int64_t expiry = 0;
  const auto [stopped, error] = std::from_chars(claims.begin(), claims.end(), expiry);
  if (error != std::errc{} || stopped != claims.end()) return std::nullopt;
  return expiry;
}

}  // namespace

FormTokens::Issued FormTokens::issue(const http::Request& request, Instant now,
                                     const Scope& scope) const {
  const auto seal = [&](std::string_view cookie) {
    const Instant expiry = now + kLifetime;
    return ring_->seal(
        identity::Purpose::kForm,
        proof_of(cookie, scope.action) + std::to_string(expiry.time_since_epoch().count()));
  };
  if (!scope.session.empty()) return {.token = seal(scope.session), .cookie = {}};
  const std::string name = cookie_name(request);
  const std::string_view present = request.cookie(name);
  if (well_formed(present)) return {.token = seal(present), .cookie = {}};
  const std::string drawn = random_cookie();
  return {.token = seal(drawn),
          .cookie = fmt::format("{}={}; Path=/; SameSite=Lax; HttpOnly{}", name, drawn,
                                request.secure ? "; Secure" : "")};
}

bool FormTokens::valid(const http::Request& request, Instant now, const Scope& scope) const {
  std::string_view cookie = scope.session;
  const std::string name = cookie_name(request);
  if (cookie.empty()) {
    cookie = request.cookie(name);
    if (!well_formed(cookie)) return false;
  }
  const std::string token =
      request.form_field("token").value_or(std::string(request.header("form-token")));
  const auto claims = ring_->open(identity::Purpose::kForm, token);
  if (!claims) return false;
  const auto expiry = expiry_of(*claims, proof_of(cookie, scope.action));
  return expiry && now.time_since_epoch().count() < *expiry;
}

std::string new_form_key() {
  return fmt::format("form-{:016x}{:016x}", identity::random_number(), identity::random_number());
}

}  // namespace stampede::controllers
