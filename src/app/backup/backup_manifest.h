#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "app/backup/folder_draft.h"
#include "model/time.h"

namespace stampede::app {

/// What a backup says of itself in its file `backup.json`, which is written last: a folder without
/// it is no whole backup.
struct BackupManifest {
  static constexpr const char* kFile = "backup.json";

  Instant created_at;
  std::int64_t schema = 0;  // version of the database's schema
  Fingerprint database;
  Fingerprint keys;
  /// What the audit read in the copy.
  struct AuditedCopy {
    std::int64_t sales = 0;
    std::int64_t orders = 0;  // failed ones too
    bool clean = true;
    friend bool operator==(const AuditedCopy&, const AuditedCopy&) = default;
  };
  AuditedCopy audited;
};

/// "593 orders of 1 sale, which do not balance"
std::string in_words(const BackupManifest::AuditedCopy& audited);
/// JSON, one line.
std::string as_json(const BackupManifest& manifest);
/// The error says what was expected.
std::expected<BackupManifest, std::string> parse_backup_manifest(std::string_view json);

}  // namespace stampede::app
