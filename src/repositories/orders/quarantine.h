#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/time.h"

namespace stampede::repositories {

/// Messages of the order queue that could not be processed, kept for operators to inspect.
/// Thread-safe; calls block.
class Quarantine {
 public:
  virtual ~Quarantine() = default;

  /// `body` is kept as printable text: hexadecimal, cut after 8,000 bytes.
  virtual void put(std::int32_t shard, std::string_view body, std::string_view reason,
                   Instant now) = 0;
  virtual std::int64_t count() = 0;
};

}  // namespace stampede::repositories
