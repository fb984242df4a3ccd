#include "services/accounts/devices.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "identity/claims.h"
#include "identity/random.h"

namespace stampede::services::accounts {

using identity::ClaimReader;
using identity::ClaimWriter;
using identity::Purpose;

struct Devices::Contents {
  struct Account {
    std::string name;
    std::uint64_t password;
    Instant expires;
  };
  std::int64_t number = 0;  // of the browser
  std::vector<Account> accounts = {};
};

/// Empty for a cookie that is none; without accounts that have expired.
Devices::Contents Devices::open(std::string_view cookie, Instant now) const {
  const auto opened = ring_->open(Purpose::kDevice, cookie);
  if (!opened) return {};
  ClaimReader claims(*opened);
  Contents contents{.number = claims.integer()};
  for (std::size_t i = 0; i < kAccounts && !claims.complete(); ++i) {
    Contents::Account account{.name = std::string(claims.text()),
                              .password = static_cast<std::uint64_t>(claims.integer()),
                              .expires = Instant(Instant::duration(claims.integer()))};
    if (account.expires > now) contents.accounts.push_back(std::move(account));
  }
  if (!claims.complete()) return {};
  return contents;
}

std::optional<Devices::Known> Devices::find(std::string_view cookie, std::string_view account,
                                            Instant now) const {
  const Contents contents = open(cookie, now);
  const auto found = std::ranges::find(contents.accounts, account, &Contents::Account::name);
  if (found == contents.accounts.end()) return std::nullopt;
  return Known{.device = std::to_string(contents.number), .password = found->password};
}

std::string Devices::issue(std::string_view cookie, std::string_view account,
                           std::uint64_t password, Instant now) const {
  Contents contents = open(cookie, now);
  if (contents.accounts.empty()) {
    contents.number = static_cast<std::int64_t>(identity::random_number());
  }
  std::erase_if(contents.accounts, [&](const auto& known) { return known.name == account; });
  contents.accounts.insert(contents.accounts.begin(),
                           {std::string(account), password, now + kLifetime});
  contents.accounts.resize(std::min(contents.accounts.size(), kAccounts));
  ClaimWriter claims;
  claims.integer(contents.number);
  for (const auto& known : contents.accounts) {
    claims.text(known.name)
        .integer(static_cast<std::int64_t>(known.password))
        .integer(known.expires.time_since_epoch().count());
  }
  return ring_->seal(Purpose::kDevice, claims.bytes());
}

std::uint64_t Devices::mark_of(std::string_view password_hash) {
  std::array<unsigned char, crypto_generichash_BYTES_MIN> digest{};
  crypto_generichash(digest.data(), digest.size(),
                     reinterpret_cast<const unsigned char*>(password_hash.data()),
                     password_hash.size(), nullptr, 0);
  return std::bit_cast<std::array<std::uint64_t, 2>>(digest)[0];
}

}  // namespace stampede::services::accounts
