#include "app/site/static_site.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "app/site/gzip.h"

namespace stampede::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMarker = ".stampede-pages";
constexpr const char* kManifest = "manifest";  // in the marker: one path a line
constexpr const char* kStaging = "new";        // likewise: what is not published yet

[[noreturn]] void fail(const fs::path& path) {
  throw std::system_error(errno, std::generic_category(), path.string());
}

void write_file(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) fail(path);
}

bool holds(const fs::path& path, std::string_view bytes) {
  std::error_code missing;
  if (fs::file_size(path, missing) != bytes.size() || missing) return false;
  std::ifstream file(path, std::ios::binary);
  using Byte = std::istreambuf_iterator<char>;
  return std::equal(Byte(file), Byte(), bytes.begin(), bytes.end());
}

bool is_text(std::string_view path) {
  static constexpr std::array<std::string_view, 6> kEndings{".html", ".css",  ".js",
                                                            ".svg",  ".json", ".txt"};
  return std::ranges::any_of(kEndings,
                             [&](std::string_view ending) { return path.ends_with(ending); });
}

/// Removes the file, and folders above it that are empty then.
void remove_file(const fs::path& folder, const fs::path& path) {
  fs::remove(folder / path);
  for (fs::path above = path.parent_path(); !above.empty(); above = above.parent_path()) {
    if (!fs::is_empty(folder / above)) return;
    fs::remove(folder / above);
  }
}

}  // namespace

std::expected<StaticSite, std::string> StaticSite::open(fs::path folder) {
  if (fs::exists(folder) && !fs::is_directory(folder)) {
    return std::unexpected(fmt::format("{} is no folder", folder.string()));
  }
  const fs::path marker = folder / kMarker;
  if (fs::exists(folder) && !fs::is_empty(folder) && !fs::exists(marker)) {
    return std::unexpected(fmt::format(
        "{} holds files that `stampede pages` did not make; expected a new or empty folder, or one "
        "that it made before",
        folder.string()));
  }
  fs::create_directories(marker);
  const int lock = ::open(marker.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0) fail(marker);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    close(lock);
    if (error == EWOULDBLOCK) {
      return std::unexpected(
          fmt::format("another `stampede pages` is writing to {}", folder.string()));
    }
    errno = error;
    fail(marker);
  }
  return StaticSite(std::move(folder), lock);
}

StaticSite::StaticSite(fs::path folder, int lock) : folder_(std::move(folder)), lock_(lock) {
  fs::remove_all(marker() / kStaging);  // of a run that was broken off
  std::ifstream manifest(marker() / kManifest);
  for (std::string path; std::getline(manifest, path);) {
    if (!path.empty()) known_.insert(path);
  }
}

StaticSite::StaticSite(StaticSite&& other) noexcept
    : folder_(std::move(other.folder_)),
      lock_(std::exchange(other.lock_, -1)),
      known_(std::move(other.known_)),
      put_(std::move(other.put_)),
      staged_(std::move(other.staged_)),
      totals_(other.totals_) {}

StaticSite::~StaticSite() {
  if (lock_ < 0) return;
  std::error_code ignored;  // the next run removes it
  fs::remove_all(marker() / kStaging, ignored);
  close(lock_);
}

fs::path StaticSite::marker() const { return folder_ / kMarker; }

void StaticSite::put(const std::string& path, std::string_view bytes) {
  put_one(path, bytes);
  if (is_text(path)) put_one(path + ".gz", gzip(bytes));
}

void StaticSite::put_one(const std::string& path, std::string_view bytes) {
  if (!put_.insert(path).second) return;  // a picture of two products
  ++totals_.files;
  totals_.bytes += bytes.size();
  if (holds(folder_ / path, bytes)) return;
  write_file(marker() / kStaging / path, bytes);
  staged_.push_back(path);
}

StaticSite::Totals StaticSite::publish(Older older) {
  std::set<std::string> all = known_;
  all.insert(put_.begin(), put_.end());
  write_manifest(all);  // before the files: none is ever forgotten
  for (const std::string& path : staged_) {
    fs::create_directories((folder_ / path).parent_path());
    fs::rename(marker() / kStaging / path, folder_ / path);
    ++totals_.changed;
  }
  if (older == Older::kRemove) {
    for (const std::string& path : all) {
      if (put_.contains(path)) continue;
      remove_file(folder_, path);
      ++totals_.removed;
    }
    write_manifest(put_);
  }
  return totals_;
}

void StaticSite::write_manifest(const std::set<std::string>& paths) const {
  const fs::path next = marker() / "manifest.new";
  write_file(next, fmt::format("{}\n", fmt::join(paths, "\n")));
  fs::rename(next, marker() / kManifest);
}

}  // namespace stampede::app
