#pragma once

#include <string>

#include "http/message.h"
#include "services/accounts/accounts.h"

// What logins answer, at the shop and at the console.
namespace stampede::controllers {

int status_of(services::accounts::AccountError error);
/// For the statuses that a later try may change.
void add_retry_after(http::Response& response);

/// A path of this site to go on to, or empty: a login link must not lead to another site.
std::string local_path(std::string path);
/// The same, which may have a query: of letters, digits, escapes and -_.:=&+
std::string local_target(std::string target);
/// 303, never stored.
http::Response go_to(std::string path);

}  // namespace stampede::controllers
