#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "services/live/sample.h"

namespace stampede::services::live {

/// The course of a sale in a bounded number of samples: when there are too many, neighbours become
/// one, all of the same length. Quiet seconds that were left out cost nothing. For one thread.
class Series {
 public:
  static constexpr std::size_t kMost = 600;

  explicit Series(std::size_t most = kMost) : most_(most) {}

  /// In order of time.
  void add(const Sample& sample);
  const std::vector<Sample>& samples() const { return samples_; }

 private:
  void append(const Sample& sample);

  std::size_t most_;
  std::int64_t seconds_ = 1;  // that one sample may stand for
  std::vector<Sample> samples_;
};

}  // namespace stampede::services::live
