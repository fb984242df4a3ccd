#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

#include "tests/support/cluster/cluster.h"

namespace stampede::test_support {

/// One cluster for all tests of a suite; each has a sale and buyers of its own.
class SharedCluster : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    servers_.emplace(Servers::Options{});
    cluster_.emplace(*servers_);
  }
  static void TearDownTestSuite() {
    cluster_.reset();
    servers_.reset();
  }

  /// A buyer whom nobody else is.
  static std::int64_t next_id() {
    static std::int64_t last = 0;
    return ++last;
  }

  static inline std::optional<Servers> servers_;
  static inline std::optional<Cluster> cluster_;
};

}  // namespace stampede::test_support
