#pragma once

#include <cstdint>
#include <span>

namespace stampede::identity {

/// Fills `bytes` from the cryptographic generator of the process, each thread from a state of its
/// own. Throws std::runtime_error if the system gives no randomness. Thread-safe.
void fill_random(std::span<unsigned char> bytes);
std::uint64_t random_number();

}  // namespace stampede::identity
