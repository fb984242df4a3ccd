#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stampede::fuzz {

/// One request as another reader may understand it.
struct ReferenceRequest {
  std::string_view target;
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::string body;
};

/// Takes the request at the front of `stream` apart by RFC 9112 and nothing else: simply, slowly,
/// and with an abort() for whatever two readers could understand in two ways. `stream` begins with
/// a request that the server accepted; what remains of it is what follows. A target's other opinion
/// (request.cc).
ReferenceRequest take_reference(std::string_view& stream);

}  // namespace stampede::fuzz
