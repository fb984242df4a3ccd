#include "services/accounts/second_factor.h"

#include <optional>

#include "identity/claims.h"
#include "identity/totp.h"
#include "telemetry/log.h"

namespace stampede::services::accounts {

using identity::Purpose;

namespace {

std::string uri_of(std::string_view secret, const User& user) {
  return identity::totp_uri(secret, "Stampede", user.name);
}

}  // namespace

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

SecondFactor::Proof SecondFactor::check(UserId user, std::string_view code, Instant now) {
  const auto stored = storage_->find(user);
  if (!stored) return Proof::kNotAsked;
  const auto secret = open(user, stored->secret);
  if (!secret) {
    telemetry::log_warning(
        "a second factor was sealed with keys that are gone: expected `stampede operator totp`",
        "user={}", user.value);
    return Proof::kWrong;
  }
  const auto step = identity::totp_step(*secret, code, now, stored->last_step);
  // Of two that come at once with the same code, the database lets one in.
  const bool accepted = step && storage_->accept(user, *step, stored->secret, seal(user, *secret));
  return accepted ? Proof::kRight : Proof::kWrong;
}

std::string SecondFactor::renew(const User& user, Instant now) {
  const std::string secret = identity::random_totp_secret();
  storage_->put(user.id, seal(user.id, secret), now);
  return uri_of(secret, user);
}

SecondFactor::Offer SecondFactor::offer(const User& user, std::string_view sealed) const {
  const std::string secret = open(user.id, sealed).value_or(identity::random_totp_secret());
  return {.uri = uri_of(secret, user),
          .text = identity::totp_secret_text(secret),
          .sealed = seal(user.id, secret)};
}

SecondFactor::SetUp SecondFactor::set_up(UserId user, std::string_view sealed,
                                         std::string_view code, Instant now) {
  if (has(user)) return SetUp::kHasOne;
  const auto secret = open(user, sealed);
  const auto step = secret ? identity::totp_step(*secret, code, now, 0) : std::nullopt;
  if (!step) return SetUp::kWrongCode;
  // Of two that come at once, the database keeps one.
  return storage_->add(user, seal(user, *secret), *step, now) ? SetUp::kDone : SetUp::kHasOne;
}

}  // namespace stampede::services::accounts
