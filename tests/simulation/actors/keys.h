#pragma once

#include <array>
#include <filesystem>
#include <string>

#include "identity/key_ring.h"
#include "tests/support/temp_dir.h"

namespace stampede::simulation {

/// A key file, read before it was rotated, after that, and after a second rotation.
class KeyFiles {
 public:
  identity::KeyRing& after(int rotations) { return rings_.at(static_cast<std::size_t>(rotations)); }

 private:
  std::filesystem::path make(int rotations) {
    const auto path = folder_.path() / std::to_string(rotations);
    if (rotations == 0) {
      identity::KeyRing::create(path);
    } else {
      std::filesystem::copy_file(folder_.path() / std::to_string(rotations - 1), path);
      identity::KeyRing::rotate(path);
    }
    return path;
  }

  const test_support::TempDir folder_;
  std::array<identity::KeyRing, 3> rings_{identity::KeyRing(make(0)), identity::KeyRing(make(1)),
                                          identity::KeyRing(make(2))};
};

/// The keys that all processes share, after so many rotations.
inline identity::KeyRing& key_ring(int rotations = 0) {
  static KeyFiles files;
  return files.after(rotations);
}

}  // namespace stampede::simulation
