#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <string>

namespace stampede::test_support {

/// An address of loopback that no other process has: it contains the id of this one, which has at
/// most 22 bits; the bit above them is set, so that it is never 127.0.0.1. There a port below
/// 32768 is free until this process takes it: no connection comes from it.
inline std::string own_loopback() {
  const unsigned host = (1U << 22U) | static_cast<unsigned>(getpid());
  return fmt::format("127.{}.{}.{}", host >> 16U & 255U, host >> 8U & 255U, host & 255U);
}

}  // namespace stampede::test_support
