#include "services/accounts/account_error.h"

#include <string>
#include <utility>

#include "model/user.h"

namespace stampede::services::accounts {

std::string_view explain(AccountError error) {
  switch (error) {
    case AccountError::kBadName: {
      static const std::string text =
          "A name has " + std::string(kUserNameForm) + "; its letters are A to Z.";
      return text;
    }
    case AccountError::kBadPassword:
      return "A password has 8 to 128 bytes of valid UTF-8 text.";
    case AccountError::kNameTaken:
      return "This name is taken: choose another.";
    case AccountError::kWrongLogin:
      return "Name or password is wrong.";
    case AccountError::kCodeNeeded:
      return "Type the six digits that your authenticator shows now, and the password again. Each "
             "code is taken once.";
    case AccountError::kThrottled:
      return "Too many tries: wait a minute and try again; after more wrong ones the wait is "
             "longer.";
    case AccountError::kOverloaded:
      return "Too many people are logging in at this moment: try again in a few seconds.";
    case AccountError::kStorage:
      return "The accounts cannot be reached at this moment: try again in a few seconds.";
  }
  std::unreachable();
}

}  // namespace stampede::services::accounts
