#include "services/accounts/devices.h"

#include <cstdint>

#include "identity/claims.h"
#include "identity/random.h"

namespace stampede::services::accounts {

using identity::ClaimReader;
using identity::ClaimWriter;
using identity::Purpose;

std::string Devices::issue(std::string_view account, Instant now) const {
  const auto number = static_cast<std::int64_t>(identity::random_number());
  const ClaimWriter claims = ClaimWriter().text(account).integer(number).integer(
      (now + kLifetime).time_since_epoch().count());
  return ring_->seal(Purpose::kDevice, claims.bytes());
}

std::string Devices::identify(std::string_view cookie, std::string_view account,
                              Instant now) const {
  const auto opened = ring_->open(Purpose::kDevice, cookie);
  if (!opened) return {};
  ClaimReader claims(*opened);
  const std::string_view owner = claims.text();
  const std::int64_t number = claims.integer();
  const Instant expires{Instant::duration(claims.integer())};
  if (!claims.complete() || owner != account || expires <= now) return {};
  return std::to_string(number);
}

}  // namespace stampede::services::accounts
