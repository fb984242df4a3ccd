#include "controllers/account_response.h"

#include <algorithm>
#include <utility>

namespace stampede::controllers {

using services::accounts::AccountError;

int status_of(AccountError error) {
  switch (error) {
    case AccountError::kBadName:
    case AccountError::kBadPassword:
      return 422;
    case AccountError::kNameTaken:
      return 409;
    case AccountError::kWrongLogin:
      return 401;
    case AccountError::kThrottled:
      return 429;
    case AccountError::kOverloaded:
    case AccountError::kStorage:
      return 503;
  }
  return 500;
}

void add_retry_after(http::Response& response) {
  if (response.status == 429) response.with("Retry-After", "60");
  if (response.status == 503) response.with("Retry-After", "2");
}

/// A path of this shop to go on to, or empty: a login link must not lead to another site.
std::string local_path(std::string path) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '/';
  };
  const bool local = path.starts_with('/') && !path.starts_with("//") && path.size() <= 256 &&
                     std::ranges::all_of(path, allowed);
  return local ? path : std::string();
}

http::Response go_to(std::string path) {
  http::Response response = http::see_other(std::move(path));
  response.with("Cache-Control", "no-store");
  return response;
}

}  // namespace stampede::controllers
