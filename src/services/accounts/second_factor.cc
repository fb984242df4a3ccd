#include "services/accounts/second_factor.h"

#include <optional>

#include "identity/claims.h"
#include "identity/totp.h"
#include "telemetry/log.h"

namespace stampede::services::accounts {

using identity::Purpose;

std::string SecondFactor::seal(UserId user, std::string_view secret) const {
  return ring_->seal(Purpose::kSecondFactor,
                     identity::ClaimWriter().integer(user.value).text(secret).bytes());
}

std::optional<std::string> SecondFactor::open(UserId user, std::string_view sealed) const {
  const auto opened = ring_->open(Purpose::kSecondFactor, sealed);
  if (!opened) return std::nullopt;
  identity::ClaimReader claims(*opened);
  const UserId its_user{claims.integer()};
  std::string secret(claims.text());
  if (!claims.complete() || its_user != user) return std::nullopt;
  return secret;
}

bool SecondFactor::accepts(UserId user, std::string_view code, Instant now) {
  const auto stored = storage_->find(user);
  if (!stored) return true;
  const auto secret = open(user, stored->secret);
  if (!secret) {
    telemetry::log_warning(
        "a second factor was sealed with keys that are gone: expected `stampede operator totp`",
        "user={}", user.value);
    return false;
  }
  const auto step = identity::totp_step(*secret, code, now, stored->last_step);
  // Of two that come at once with the same code, the database lets one in.
  return step && storage_->accept(user, *step, stored->secret, seal(user, *secret));
}

std::string SecondFactor::renew(const User& user, Instant now) {
  const std::string secret = identity::random_totp_secret();
  storage_->put(user.id, seal(user.id, secret), now);
  return identity::totp_uri(secret, "Stampede", user.name);
}

}  // namespace stampede::services::accounts
