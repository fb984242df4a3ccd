#pragma once

#include <string>

#include "http/message.h"
#include "services/accounts/accounts.h"

// Answers to logins, at the shop and at the console.
namespace stampede::controllers {

int status_of(services::accounts::AccountError error);
/// For the statuses that a later try may change.
void add_retry_after(http::Response& response);

/// `path` if it is a path of this site, else empty: a login link must not lead to another site.
std::string local_path(std::string path);
/// The same for a path that may have a query of letters, digits, escapes and -_.:=&+
std::string local_target(std::string target);
/// 303, never stored.
http::Response go_to(std::string path);

}  // namespace stampede::controllers
