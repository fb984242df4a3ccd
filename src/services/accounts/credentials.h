#pragma once

#include <string>
#include <string_view>

namespace stampede::services::accounts {

/// A user name: see kUserNameForm.
bool is_name(std::string_view text);
/// True if a user name may begin with `text`; also for an empty text.
bool is_beginning_of_name(std::string_view text);

/// 8 to 128 bytes of valid UTF-8.
bool is_password(std::string_view text);

/// As names are compared: without regard to ASCII case.
std::string fold_case(std::string_view name);

}  // namespace stampede::services::accounts
