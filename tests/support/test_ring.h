#pragma once

#include "identity/key_ring.h"
#include "tests/support/temp_dir.h"

namespace stampede::test {

/// A key ring of its own, whose file is gone again with the object.
class TestRing {
 public:
  const identity::KeyRing& ring() const { return ring_; }
  identity::KeyRing& ring() { return ring_; }

 private:
  static std::filesystem::path make_file(const test_support::TempDir& folder) {
    const auto path = folder.path() / "keys";
    identity::KeyRing::create(path);
    return path;
  }

  const test_support::TempDir folder_;
  identity::KeyRing ring_{make_file(folder_)};
};

}  // namespace stampede::test
