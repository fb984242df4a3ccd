#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "queue/order_queue.h"

namespace stampede::queue {

/// The body of one message of the broker: a batch of purchases and close markers, in their order.
/// Numbers are big-endian.
///
///   "SPOQ" ‖ version (1 byte: 1) ‖ count (1 byte: 1 to 100) ‖ entries ‖ CRC-32 of all before
///   purchase: 1 ‖ sale ‖ buyer ‖ lease ‖ created_at, ms since 1970 (8 bytes each)
///             ‖ key's length (1 byte) ‖ key
///   marker:   2 ‖ lease
inline constexpr std::size_t kMaxEntries = 100;
/// No body is longer.
inline constexpr std::size_t kMaxBody = 4 + 1 + 1 + kMaxEntries * (1 + 4 * 8 + 1 + 64) + 4;

/// `messages`: 1 to kMaxEntries, with positive ids and a time within the years 1970 to 9999.
std::string encode(std::span<const Message> messages);

/// The messages of a body, or what was wrong with it and what was expected.
std::expected<std::vector<Message>, std::string> decode(std::string_view body);

}  // namespace stampede::queue
