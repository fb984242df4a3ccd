#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stampede::services::accounts {

/// Why somebody is not let in, or an account not made or changed.
enum class AccountError : std::uint8_t {
  kBadName,      // not as kUserNameForm says
  kBadPassword,  // not 8 to 128 bytes, or not valid UTF-8
  kNameTaken,
  kWrongLogin,  // unknown name and wrong password are one answer, in one time
  kCodeNeeded,  // the password is right, and the code of the second factor is missing or not good
  kThrottled,   // too many tries, of that account or from there
  kOverloaded,  // too many wait for a password's check: try again
  kStorage,     // the database did not answer
};
inline constexpr std::size_t kAccountErrors = 8;

/// A short sentence that says what was wrong and what was expected.
std::string_view explain(AccountError error);

}  // namespace stampede::services::accounts
