#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace stampede::repositories::sql {

/// Copies one snapshot of a SQLite database, while others read it and write it, to a file that must
/// not be there yet: of mode 0600, complete in itself, without a log, not flushed. `progress` is
/// told the bytes copied and all bytes, every few megabytes. While it runs, the log of `from` grows
/// with what is sold. `from` is in use by the caller (a Database). Throws StorageError.
void copy_sqlite(const std::filesystem::path& from, const std::filesystem::path& to,
                 const std::function<void(std::int64_t copied, std::int64_t all)>& progress);

/// Reads every page and every index of a file that nobody writes. Throws StorageError, kOther with
/// the first damage that was found.
void check_sqlite(const std::filesystem::path& file);

/// The version of the schema that is in a file which nobody writes; 0: none. Throws StorageError.
int schema_version_of(const std::filesystem::path& file);

}  // namespace stampede::repositories::sql
