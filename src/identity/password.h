#pragma once

#include <string>
#include <string_view>

namespace stampede::identity {

/// Argon2id with libsodium's interactive limits (64 MiB, about 0.1 s of a core), in the PHC string
/// format, with a random salt. Throws std::bad_alloc without the memory.
std::string hash_password(std::string_view password);

/// True if `hash` is of this password. A hash that no password opens ("!", empty) takes the same
/// time. Use one for unknown users, so that the time does not tell which names exist.
/// Throws std::bad_alloc without the memory.
bool verify_password(std::string_view hash, std::string_view password);

/// A password to hand to a person: 20 letters and digits without look-alikes, in groups of five,
/// worth 98 bits.
std::string random_password();

}  // namespace stampede::identity
