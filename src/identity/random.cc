#include "identity/random.h"

#include <openssl/rand.h>

#include <cstring>
#include <stdexcept>

namespace stampede::identity {

void fill_random(std::span<unsigned char> bytes) {
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("the system gives no randomness (RAND_bytes failed)");
  }
}

std::uint64_t random_number() {
  unsigned char bytes[sizeof(std::uint64_t)];
  fill_random(bytes);
  std::uint64_t number;
  std::memcpy(&number, bytes, sizeof number);
  return number;
}

}  // namespace stampede::identity
