#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "identity/key_ring.h"
#include "model/time.h"
#include "repositories/accounts/blacklist.h"
#include "repositories/changes.h"
#include "services/accounts/accounts.h"
#include "services/admission/blacklist.h"
#include "services/catalog/catalog.h"

namespace stampede::schedules {

/// Brings what other processes changed in the database and the key file into this one: sales,
/// stock, blacklist, session epochs, keys; and automatic blacklist entries into the database. Every
/// operator's command takes effect through it, in `serve` and in the web role. For one thread at a
/// time.
class Reload {
 public:
  struct Parts {
    repositories::Changes& changes;
    repositories::Accounts& accounts;
    identity::KeyRing& keys;
    services::catalog::Catalog& catalog;
    services::accounts::Sessions& sessions;
    /// Of a process that decides about purchases: the buyers who may not buy, here and in the
    /// database.
    struct Bans {
      repositories::Blacklist& saved;
      services::admission::Blacklist& in_memory;
    };
    std::optional<Bans> bans;
    /// Told after the catalog changed.
    std::function<void(std::vector<Sale>, std::vector<Product>)> catalog_changed;
    /// Looks after the stock, once a round.
    std::function<void(Now)> review_stock;
  };
  explicit Reload(const Parts& parts) : parts_(parts) {}

  /// One round. A step that fails does not keep the others from running; then throws the first
  /// step's repositories::StorageError or identity::KeyFileError. The next round tries again.
  void run(Now now);

 private:
  void load_changes(Now now);
  void review_stock(Now now);
  void save_blacklist(Now now);
  void reload_keys(Now now);
  void load_epochs(Now now);

  Parts parts_;
  std::optional<repositories::Revisions> polled_;  // not loaded whole yet
  std::optional<repositories::Revisions> loaded_;  // what the parts hold
  std::int64_t sessions_revision_ = -1;            // of the session epochs that are known; -1: none
};

}  // namespace stampede::schedules
