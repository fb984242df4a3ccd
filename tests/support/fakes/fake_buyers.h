#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "repositories/accounts/blacklist.h"
#include "repositories/accounts/buyer_search.h"
#include "repositories/audit.h"
#include "tests/support/fakes/fake_accounts.h"

namespace stampede::test_support {

/// Users and their blacklist, in memory. The blacklist is for one thread at a time.
class FakeBuyers final : public FakeAccounts,
                         public repositories::Blacklist,
                         public repositories::BuyerSearch {
 public:
  using FakeAccounts::list;

  void put(std::span<const BlacklistEntry> added) override {
    for (const BlacklistEntry& entry : added) entries[entry.user] = entry;
  }
  bool remove(UserId user) override { return entries.erase(user) != 0; }
  repositories::HeldBans list(Instant now) override {
    repositories::HeldBans held;
    for (const auto& [user, entry] : entries) {
      if (entry.holds(now)) held.entries.push_back(entry);
    }
    return held;
  }

  std::vector<User> named(std::string_view prefix, std::string_view after,
                          std::size_t limit) override {
    std::vector<User> found;
    for (const auto& [id, user] : users()) {
      if (user.name.starts_with(prefix) && user.name > after) found.push_back(user);
    }
    std::ranges::sort(found, {}, &User::name);
    if (found.size() > limit) found.resize(limit);
    return found;
  }
  std::optional<BlacklistEntry> blacklisted(UserId user, Instant now) override {
    const auto found = entries.find(user);
    if (found == entries.end() || !found->second.holds(now)) return std::nullopt;
    return found->second;
  }
  std::vector<repositories::BlacklistedBuyer> blacklist(UserId after, std::size_t limit,
                                                        Instant now) override {
    std::vector<repositories::BlacklistedBuyer> found;
    for (const auto& [user, entry] : entries) {
      if (user <= after || !entry.holds(now) || found.size() == limit) continue;
      found.push_back({entry, find(user).value_or(User{}).name});
    }
    return found;
  }

  std::map<UserId, BlacklistEntry> entries;
};

/// The log of a test. For one thread at a time.
class FakeAuditLog final : public repositories::AuditLog {
 public:
  void append(std::string_view actor, std::string_view action, std::string_view subject,
              Instant now) override {
    entries.push_back({static_cast<std::int64_t>(entries.size()) + 1, std::string(actor),
                       std::string(action), std::string(subject), now});
  }
  std::vector<Entry> list(std::int64_t before, std::size_t limit) override {
    std::vector<Entry> found;
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
      if ((before == 0 || entry->id < before) && found.size() < limit) found.push_back(*entry);
    }
    return found;
  }

  std::vector<Entry> entries;
};

}  // namespace stampede::test_support
