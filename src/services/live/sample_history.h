#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "services/live/sample.h"

namespace stampede::services::live {

/// All samples of a sale in a bounded number: when there are too many, neighbours are merged, all
/// to the same length. Seconds without a sample take no room. For one thread.
class SampleHistory {
 public:
  static constexpr std::size_t kMost = 600;

  explicit SampleHistory(std::size_t most = kMost) : most_(most) {}

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
