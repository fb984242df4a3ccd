#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace stampede::app {

/// Told the bytes that were just done.
using BytesDone = std::function<void(std::int64_t)>;

/// What tells one content of a file from any other.
struct Fingerprint {
  std::int64_t bytes = 0;
  std::string sha256;  // hexadecimal
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

/// Throws std::system_error.
Fingerprint fingerprint_of(const std::filesystem::path& file, const BytesDone& done = {});

/// A folder (mode 0700) whose files get their names when all of them are whole and on disk: until
/// then each is called `NAME.partial`. A process that is killed leaves nothing under a final name
/// before the first publish(), and its leftovers are removed by the next draft of the folder. Every
/// method throws std::system_error. For one thread.
class FolderDraft {
 public:
  /// For files of these names. Makes the folder. Throws DataDirError if it holds anything, or
  /// another process drafts it.
  FolderDraft(std::filesystem::path dir, std::vector<std::string> names);
  /// Removes what was not published; the folder too if this draft made it and nothing is in it.
  ~FolderDraft();
  FolderDraft(const FolderDraft&) = delete;
  FolderDraft& operator=(const FolderDraft&) = delete;

  /// Where to write the file that will be called `name`; also with endings of its own behind.
  std::filesystem::path path(std::string_view name) const;
  /// Writes it, of mode 0600.
  void write(std::string_view name, std::string_view content);
  /// Copies another file to it and answers what was copied.
  Fingerprint copy(const std::filesystem::path& from, std::string_view name,
                   const BytesDone& done = {});
  /// Flushes all files, gives them their names, in the order of the names, and flushes the folder.
  void publish();

 private:
  void refuse_unless_empty() const;
  void remove_partial() const noexcept;
  bool is_partial(std::string_view file) const;

  const std::filesystem::path dir_;
  const std::vector<std::string> names_;
  bool made_ = false;
  int lock_ = -1;
};

}  // namespace stampede::app
