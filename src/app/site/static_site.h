#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace stampede::app {

/// A folder of files for a web server or a CDN. Files are put beside it first and moved in one by
/// one by publish(), in the order they were put: whoever reads meanwhile never gets half a file,
/// and no page before what it names. Text gets a `.gz` beside it. The folder `.stampede-pages`
/// inside says what was made here; anything else in the folder is left alone. For one thread;
/// throws std::filesystem::filesystem_error or std::system_error for what the disk refuses.
class StaticSite {
 public:
  /// Makes the folder if there is none. Refused, with a sentence: one that holds something and was
  /// not made by this class, and one that another process is writing.
  static std::expected<StaticSite, std::string> open(std::filesystem::path folder);
  ~StaticSite();
  StaticSite(StaticSite&& other) noexcept;
  StaticSite& operator=(StaticSite&&) = delete;

  /// `path` below the folder, with / between its parts. A file with these bytes that is there
  /// already is left as it is.
  void put(const std::string& path, std::string_view bytes);

  enum class Older { kKeep, kRemove };
  struct Totals {
    std::size_t files = 0;    // put, with their .gz
    std::uint64_t bytes = 0;  // of all of them
    std::size_t changed = 0;  // of `files`: new, or with other bytes than before
    std::size_t removed = 0;  // made here before, and not put this time
  };
  /// Once, after the last put().
  Totals publish(Older older);

 private:
  explicit StaticSite(std::filesystem::path folder, int lock);

  std::filesystem::path marker() const;
  void put_one(const std::string& path, std::string_view bytes);
  void write_manifest(const std::set<std::string>& paths) const;

  std::filesystem::path folder_;
  int lock_ = -1;
  std::set<std::string> known_;      // as the manifest says
  std::set<std::string> put_;        // this time
  std::vector<std::string> staged_;  // of those, what changed, in order
  Totals totals_;
};

}  // namespace stampede::app
