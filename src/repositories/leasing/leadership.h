#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "model/time.h"

namespace stampede::repositories {

/// One process's time as the leader. Each term has a greater epoch than the one before it, and a
/// nonce that was drawn for it: a database that lost its tail may give an epoch twice.
struct Term {
  std::string holder;  // names the process; another after each start
  std::int64_t epoch = 0;
  std::string nonce;  // 32 hexadecimal digits

  friend bool operator==(const Term&, const Term&) = default;
};

/// A term that was just taken.
struct TakenTerm : Term {
  Instant at;  // by the database's clock
};

/// What a renewal tells.
struct Renewal {
  Instant at;  // by the database's clock
  /// When a process that stands by was last asked, by the same clock; Instant::min(): never.
  Instant standby_asked;
};

/// What a transaction in the leader's name ends with when that term does not stand any more.
/// Nothing of it is in the database.
class NoLongerLeader : public std::runtime_error {
 public:
  explicit NoLongerLeader(const Term& term)
      : std::runtime_error("another process has taken the lead from " + term.holder) {}
};

/// Which process of quantity control leads: one row, whose times are the database's own. A term
/// ends when it was not renewed for its life and another process takes the lead. A transaction in a
/// term's name checks the term as its last step, with the row locked, so what an earlier leader
/// began is committed either before the take or never. Thread-safe; calls block.
class Leadership {
 public:
  virtual ~Leadership() = default;

  /// A new term for `holder`, if nobody leads, the leader has not renewed its term for its life,
  /// the term ends more than two lives ahead (the database's clock was set back), or the leader is
  /// `holder`; nullopt otherwise. Its epoch is greater than `above`.
  virtual std::optional<TakenTerm> take(const std::string& holder, std::int64_t above,
                                        std::chrono::milliseconds life) = 0;
  /// Another `life` from now on, also for a term that ran out but was not taken from it; nullopt if
  /// another term stands.
  virtual std::optional<Renewal> renew(const Term& term, std::chrono::milliseconds life) = 0;
  /// Ends the term at once, if it still stands.
  virtual void resign(const Term& term) = 0;
  /// Of a process that stands by: a validator asked it just now.
  virtual void note_standby_asked() = 0;
  /// The database's time, if the term stands at it; nullopt otherwise. Reads only.
  virtual std::optional<Instant> standing(const Term& term) = 0;
};

}  // namespace stampede::repositories
