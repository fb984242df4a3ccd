#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "model/ids.h"
#include "model/time.h"

namespace stampede::repositories {

/// What was seen of one sale up to one instant; the body is services/live's.
struct StoredSample {
  SaleId sale;
  Instant at;
  std::string body;  // at most 8,000 bytes

  friend bool operator==(const StoredSample&, const StoredSample&) = default;
};

/// The course of each sale. Thread-safe; calls block.
class Samples {
 public:
  virtual ~Samples() = default;

  /// All or none. One that is there already, by sale and instant, stays as it is.
  virtual void append(std::span<const StoredSample> samples) = 0;
  /// Those of one sale after an instant, in order of time, at most `most`.
  virtual std::vector<StoredSample> of(SaleId sale, Instant after, std::size_t most) = 0;
};

}  // namespace stampede::repositories
