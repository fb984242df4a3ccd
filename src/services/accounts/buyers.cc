#include "services/accounts/buyers.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "model/text/plain_text.h"
#include "services/accounts/credentials.h"

namespace stampede::services::accounts {
namespace {

bool is_reason(std::string_view text) { return !text.empty() && !problem_of(text, kLongestReason); }

std::optional<UserId> id_of(std::string_view text) {
  UserId id;
  const auto [stopped, error] = std::from_chars(text.begin(), text.end(), id.value);
  if (error != std::errc{} || stopped != text.end() || id.value < 1) return std::nullopt;
  return id;
}

}  // namespace

std::string explain(BanError error) {
  switch (error) {
    case BanError::kBadReason:
      return fmt::format("Reason: expected 1 to {} bytes of UTF-8 text on one line.",
                         kLongestReason);
    case BanError::kBadDuration:
      return "Time: expected more than nothing and at most 10 years.";
    case BanError::kUnknownUser:
      return "There is no user of this id.";
    case BanError::kBannedForGood:
      return "This user is on the blacklist for good. Lift that entry before you make a shorter "
             "one.";
    case BanError::kNotBanned:
      return "This user is not on the blacklist.";
  }
  return "";
}

std::string explain(BanError error, std::string_view reason) {
  const auto found = error == BanError::kBadReason ? find_control(reason) : std::nullopt;
  if (!found) return explain(error);
  return fmt::format("Reason: it has {}; expected text without control characters.",
                     describe(*found));
}

std::string subject_of(const User& user) {
  return "user " + std::to_string(user.id.value) + " " + user.name;
}

std::expected<User, BanError> Buyers::ban(UserId user, const Ban& ban, Instant now) {
  if (!is_reason(ban.reason)) return std::unexpected(BanError::kBadReason);
  if (ban.duration && (ban.duration->count() <= 0 || *ban.duration > kLongestBan)) {
    return std::unexpected(BanError::kBadDuration);
  }
  auto banned = find(user);
  if (!banned) return std::unexpected(BanError::kUnknownUser);
  const auto held = blacklisted(user, now);
  if (ban.duration && held && !held->expires_at) return std::unexpected(BanError::kBannedForGood);

  BlacklistEntry entry{user, ban.reason, std::nullopt, now};
  if (ban.duration) entry.expires_at = now + *ban.duration;
  // An operator may shorten what holds; an entry by itself does not.
  if (held && entry.expires_at && held->expires_at > entry.expires_at) {
    storage_.blacklist.remove(user);
  }
  storage_.blacklist.put({&entry, 1});
  return *std::move(banned);
}

std::expected<User, BanError> Buyers::unban(UserId user) {
  auto banned = find(user);
  if (!banned) return std::unexpected(BanError::kUnknownUser);
  if (!storage_.blacklist.remove(user)) return std::unexpected(BanError::kNotBanned);
  return *std::move(banned);
}

std::optional<User> Buyers::log_out(UserId user, Sessions& sessions, Instant now) {
  const auto epoch = storage_.accounts.raise_epoch(user, now);
  if (!epoch) return std::nullopt;
  sessions.revoke_below(user, *epoch, now);
  return find(user);
}

std::optional<Buyers::Page> Buyers::search(std::string_view text, std::string_view after,
                                           std::size_t limit) {
  if (!is_beginning_of_name(text) || !is_beginning_of_name(after)) return std::nullopt;
  Page page{.users = storage_.search.named(text, after, limit + 1), .more_after = {}};
  if (page.users.size() > limit) {
    page.users.pop_back();
    page.more_after = page.users.back().name;
  }
  const auto id = after.empty() ? id_of(text) : std::nullopt;
  if (!id) return page;
  std::erase_if(page.users, [&](const User& user) { return user.id == *id; });
  if (auto user = find(*id)) page.users.insert(page.users.begin(), *std::move(user));
  return page;
}

Buyers::BlacklistPage Buyers::blacklist(UserId after, std::size_t limit, Instant now) {
  BlacklistPage page{.buyers = storage_.search.blacklist(after, limit + 1, now), .more_after = {}};
  if (page.buyers.size() > limit) {
    page.buyers.pop_back();
    page.more_after = page.buyers.back().entry.user;
  }
  return page;
}

}  // namespace stampede::services::accounts
