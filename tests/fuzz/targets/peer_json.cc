// What roles say to each other (peers/json.h): whatever is read is written and read again as the
// same, and what was written is UTF-8.
#include "model/text/utf8.h"
#include "peers/json.h"
#include "tests/fuzz/fuzz.h"

namespace stampede::fuzz {
namespace {

template <class Message>
bool round_trip(std::string_view text,
                std::expected<Message, std::string> (*parse)(std::string_view)) {
  const auto message = parse(text);
  if (!message) {
    require(!message.error().empty() && is_utf8(message.error()), "a refusal is a sentence");
    return false;
  }
  const std::string written = peers::to_json(*message);
  require(is_utf8(written), "what is written is UTF-8");
  const auto again = parse(written);
  require(again.has_value(), "what is written can be read");
  require(peers::to_json(*again) == written, "and says the same");
  return true;
}

}  // namespace

bool accepts(std::string_view bytes) {
  switch (Choices(bytes).below(5)) {
    case 0:
      return round_trip(bytes, peers::parse_heartbeat);
    case 1:
      return round_trip(bytes, peers::parse_heartbeat_reply);
    case 2:
      return round_trip(bytes, peers::parse_lease_ask);
    case 3:
      return round_trip(bytes, peers::parse_lease_reply);
    default:
      return round_trip(bytes, peers::parse_cluster_report);
  }
}

}  // namespace stampede::fuzz
