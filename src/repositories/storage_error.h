#pragma once

#include <stdexcept>
#include <string>

namespace stampede::repositories {

/// What nobody expects of storage. Every method of every repository may throw it; nothing of the
/// transaction it interrupted is then in the database, except after kOutcomeUnknown.
class StorageError : public std::runtime_error {
 public:
  enum class Kind {
    kFull,            // no space; try again when there is
    kBusy,            // another writer held the database for too long
    kUnreachable,     // the database server is away; try again
    kOutcomeUnknown,  // the commit was sent and its answer was lost: it may or may not hold
    kDurability,      // a flush failed: nothing can be promised any more, the process must end
    kRefused,      // what was to be written breaks a constraint of the tables: never worth a retry
    kNewerSchema,  // the database was written by a newer version
    kDenied,       // the server refuses the user, or has no database of that name
    kOther,
  };

  StorageError(Kind error_kind, const std::string& message)
      : std::runtime_error(message), kind_(error_kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

}  // namespace stampede::repositories
