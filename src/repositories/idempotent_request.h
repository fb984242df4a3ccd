#pragma once

#include <string>

#include "model/idempotency_key.h"

namespace stampede::repositories {

/// Names one change by an operator, so that it is made once however often it is requested. Keys are
/// kept for good.
struct IdempotentRequest {
  IdempotencyKey key;
  std::string content;  // differs for every other change; at most 64 bytes
};

/// What a change was answered with.
template <class Result>
struct Applied {
  Result result;
  bool before = false;  // an earlier request with this key made it; this one changed nothing

  friend bool operator==(const Applied&, const Applied&) = default;
  friend bool operator==(const Applied& applied, const Result& value) {
    return applied.result == value;
  }
};

}  // namespace stampede::repositories
