#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "app/backup/folder_draft.h"
#include "model/time.h"

namespace stampede::app {

/// What a backup says of itself in its file `backup.json`, which is written last: a folder without
/// it is no whole backup.
struct BackupFacts {
  static constexpr const char* kFile = "backup.json";

  Instant created_at;
  std::int64_t schema = 0;  // version of the database's schema
  Fingerprint database;
  Fingerprint keys;
  /// What the audit read in the copy.
  struct Books {
    std::int64_t sales = 0;
    std::int64_t orders = 0;  // failed ones too
    bool clean = true;
    friend bool operator==(const Books&, const Books&) = default;
  };
  Books books;
};

/// "593 orders of 1 sale, which do not balance"
std::string in_words(const BackupFacts::Books& books);
/// JSON, one line.
std::string as_json(const BackupFacts& facts);
/// The error says what was expected.
std::expected<BackupFacts, std::string> parse_backup_facts(std::string_view json);

}  // namespace stampede::app
