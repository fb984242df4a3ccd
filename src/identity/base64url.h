#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace stampede::identity {

/// base64url without padding (RFC 4648 section 5).
std::string encode_base64url(std::span<const unsigned char> bytes);

/// Decodes into the front of `out` and answers how many bytes it wrote; nullopt for any other
/// character, an impossible length, leftover bits that are not zero (so that no two texts decode to
/// the same bytes), or more than `out` holds.
std::optional<std::size_t> decode_base64url(std::string_view text, std::span<unsigned char> out);

}  // namespace stampede::identity
