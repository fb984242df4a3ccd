#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "http/message.h"
#include "http/server/messages/strict.h"

namespace stampede::http {

/// What a head says of the bytes that follow it.
struct Framing {
  std::uint64_t content_length = 0;
  bool chunked = false;
  bool keep_alive = false;
  bool http_1_0 = false;
  bool expects_continue = false;
};

/// Parses a whole head that a HeadScanner has let through, with Beast's parser and these rules on
/// top: one Host; at most one Content-Length of digits only, never with Transfer-Encoding;
/// Transfer-Encoding exactly `chunked`; a target in origin form; HTTP/1.1, or HTTP/1.0 without
/// keep-alive and Transfer-Encoding. `request` gets views into `head`.
std::expected<Framing, Refusal> parse_head(std::string_view head, Request& request);

}  // namespace stampede::http
