#include "controllers/account_response.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace stampede::controllers {

using services::accounts::AccountError;

namespace {

constexpr std::size_t kLongest = 256;  // of a path, and of a query

bool is_made_of(std::string_view text, std::string_view marks) {
  return text.size() <= kLongest && std::ranges::all_of(text, [&](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  marks.find(c) != std::string_view::npos;
         });
}

bool is_local(std::string_view path) {
  return path.starts_with('/') && !path.starts_with("//") && is_made_of(path, "-_/");
}

bool is_query(std::string_view query) { return is_made_of(query, "-_.:=&+%"); }

}  // namespace

int status_of(AccountError error) {
  switch (error) {
    case AccountError::kBadName:
    case AccountError::kBadPassword:
      return 422;
    case AccountError::kNameTaken:
      return 409;
    case AccountError::kWrongLogin:
    case AccountError::kCodeNeeded:
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

std::string local_path(std::string path) { return is_local(path) ? path : std::string(); }

std::string local_target(std::string target) {
  const std::string_view whole = target;
  const auto path_end = whole.find('?');
  const bool local = is_local(whole.substr(0, path_end)) &&
                     (path_end == std::string_view::npos || is_query(whole.substr(path_end + 1)));
  return local ? target : std::string();
}

http::Response go_to(std::string path) {
  http::Response response = http::see_other(std::move(path));
  response.with("Cache-Control", "no-store");
  return response;
}

}  // namespace stampede::controllers
