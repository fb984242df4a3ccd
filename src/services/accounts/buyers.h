#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/user.h"
#include "repositories/accounts/accounts.h"
#include "repositories/accounts/blacklist.h"
#include "repositories/accounts/buyer_search.h"
#include "services/accounts/sessions.h"

namespace stampede::services::accounts {

enum class BanError : std::uint8_t {
  kBadReason,  // not 1 to 200 bytes of UTF-8, or with a control character (model/text/plain_text.h)
  kBadDuration,  // not above zero, or above 10 years
  kUnknownUser,
  kBannedForGood,  // a ban with an end would shorten the one that has none: lift that first
  kNotBanned,
};

/// A sentence: what was wrong and what was expected.
std::string explain(BanError error);
/// The same with what of `reason` was wrong.
std::string explain(BanError error, std::string_view reason);

struct Ban {
  std::string reason;                                 // for other operators
  std::optional<std::chrono::milliseconds> duration;  // none: for good
};
inline constexpr std::size_t kLongestReason = 200;  // bytes
inline constexpr std::chrono::milliseconds kLongestBan = std::chrono::days{3653};

/// As the audit log calls them: "user 7 alice".
std::string subject_of(const User& user);

/// What operators do about buyers, at the console and by the command line. Running roles see it
/// within a second. Thread-safe; calls block and throw repositories::StorageError. What it is given
/// outlives it.
class Buyers {
 public:
  struct Storage {
    repositories::Accounts& accounts;
    repositories::Blacklist& blacklist;
    repositories::BuyerSearch& search;
  };
  explicit Buyers(const Storage& storage) : storage_(storage) {}

  /// Answers the user who was put on the blacklist, or whose entry was replaced.
  std::expected<User, BanError> ban(UserId user, const Ban& ban, Instant now);
  /// Answers the user who may buy again.
  std::expected<User, BanError> unban(UserId user);
  /// Ends every session of the user, in `sessions` at once; nullopt for an unknown one.
  std::optional<User> log_out(UserId user, Sessions& sessions, Instant now);

  std::optional<User> find(UserId user) { return storage_.accounts.find(user); }
  /// The entry that holds at `now`.
  std::optional<BlacklistEntry> blacklisted(UserId user, Instant now) {
    return storage_.search.blacklisted(user, now);
  }

  struct Page {
    std::vector<User> users;
    std::string more_after;  // the name to go on after; empty: there are no more
  };
  /// Those whose name begins with `text`, in order of name, and before the first of them the one
  /// whose id it is; everybody for an empty text. nullopt if it can be neither id nor name.
  std::optional<Page> search(std::string_view text, std::string_view after, std::size_t limit);

  struct BlacklistPage {
    std::vector<repositories::BlacklistedBuyer> buyers;  // in order of user
    UserId more_after;                                   // none: there are no more
  };
  BlacklistPage blacklist(UserId after, std::size_t limit, Instant now);

 private:
  Storage storage_;
};

}  // namespace stampede::services::accounts
