#pragma once

#include <string>
#include <vector>

#include "repositories/memory/memory_store.h"

namespace stampede::repositories::memory {

/// The invariants I1, I2 and I5 of docs/design.md#invariants, in words; empty if all hold.
std::vector<std::string> broken_invariants(const MemoryStore::State& state);

}  // namespace stampede::repositories::memory
