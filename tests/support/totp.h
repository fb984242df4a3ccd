#pragma once

#include <liboath/oath.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include "model/time.h"

namespace stampede::test_support {

/// What an authenticator with this secret, in base32, shows at that time.
inline std::string totp_of(const std::string& base32, Instant at) {
  char* bytes = nullptr;
  std::size_t size = 0;
  if (oath_base32_decode(base32.data(), base32.size(), &bytes, &size) != OATH_OK) {
    throw std::runtime_error("no secret: " + base32);
  }
  const std::unique_ptr<char, decltype(&std::free)> secret(bytes, std::free);
  std::array<char, 7> code{};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at.time_since_epoch()).count();
  if (oath_totp_generate(secret.get(), size, static_cast<std::time_t>(seconds), 30, 0, 6,
                         code.data()) != OATH_OK) {
    throw std::runtime_error("no code");
  }
  return code.data();
}

}  // namespace stampede::test_support
