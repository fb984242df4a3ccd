#pragma once

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "identity/key_ring.h"

namespace stampede::test {

/// A key ring of its own, whose file is gone again with the object.
class TestRing {
 public:
  TestRing() {
    static std::atomic<int> count{0};
    path_ = std::filesystem::temp_directory_path() /
            ("stampede-keys-" + std::to_string(getpid()) + "-" + std::to_string(++count));
    identity::KeyRing::create(path_);
    ring_ = std::make_unique<identity::KeyRing>(path_);
  }
  ~TestRing() { std::filesystem::remove(path_); }
  TestRing(const TestRing&) = delete;
  TestRing& operator=(const TestRing&) = delete;

  const identity::KeyRing& ring() const { return *ring_; }

 private:
  std::filesystem::path path_;
  std::unique_ptr<identity::KeyRing> ring_;
};

}  // namespace stampede::test
