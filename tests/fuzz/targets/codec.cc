// A message of the broker (queue/codec.h): whatever is read is written again byte for byte, so no
// two bodies say the same.
#include "queue/codec.h"

#include <boost/crc.hpp>
#include <string>

#include "tests/fuzz/fuzz.h"

namespace stampede::fuzz {
namespace {

/// With a right checksum, which no fuzzer finds.
std::string sealed(std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  std::string body(bytes);
  for (int shift = 24; shift >= 0; shift -= 8) {
    body += static_cast<char>(crc.checksum() >> shift & 0xFF);
  }
  return body;
}

bool reads(std::string_view body) {
  const auto messages = queue::decode(body);
  if (!messages) {
    require(!messages.error().empty(), "a refusal says what was wrong");
    return false;
  }
  require(!messages->empty() && messages->size() <= queue::kMaxEntries, "1 to 100 entries");
  require(body.size() <= queue::kMaxBody, "no body is longer than kMaxBody");
  require(queue::encode(*messages) == body, "encode(decode(body)) is body");
  return true;
}

}  // namespace

bool accepts(std::string_view bytes) {
  const bool raw = reads(bytes);
  return reads(sealed(bytes)) || raw;
}

}  // namespace stampede::fuzz
