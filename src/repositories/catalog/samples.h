#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "model/ids.h"
#include "model/time.h"

namespace stampede::repositories {

/// The statistics of one sale at one instant; services/live defines the body.
struct StoredSample {
  SaleId sale;
  Instant at;
  std::string body;  // at most 8,000 bytes

  friend bool operator==(const StoredSample&, const StoredSample&) = default;
};

/// The stored samples of all sales. Thread-safe; calls block.
class Samples {
 public:
  virtual ~Samples() = default;

  /// Stores all or none. A sample of the same sale and instant that is there already stays.
  virtual void append(std::span<const StoredSample> samples) = 0;
  /// Those of one sale after an instant, in order of time, at most `most`.
  virtual std::vector<StoredSample> of(SaleId sale, Instant after, std::size_t most) = 0;
};

}  // namespace stampede::repositories
