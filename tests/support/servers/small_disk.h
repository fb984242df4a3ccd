#pragma once

#include <cstddef>
#include <filesystem>

#include "tests/support/temp_dir.h"

namespace stampede::test_support {

/// A file system of its own with room for `bytes`, seen by this process and its children only (a
/// private mount namespace), so that a full disk is a real one. Needs root. Throws
/// std::system_error if the kernel refuses.
class SmallDisk {
 public:
  explicit SmallDisk(std::size_t bytes);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::filesystem::path& path() const { return folder_.path(); }
  /// Takes all the room that is left, with a file named `ballast`.
  void fill();
  /// Gives it back.
  void drain();

 private:
  TempDir folder_;
};

}  // namespace stampede::test_support
