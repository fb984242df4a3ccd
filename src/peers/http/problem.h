#pragma once

#include <string>

#include "http/client/client.h"

namespace stampede::peers {

/// What a peer's problem+json says (RFC 9457); empty where it says nothing. `type` is the slug
/// alone, as older releases send it: what stands behind the last '#'.
struct Problem {
  std::string type;
  std::string detail;
};
Problem problem_of(const http::ClientResponse& response);

/// The `type` of a problem that says that the two processes hold other keys.
inline constexpr const char* kWrongPeerSecret = "wrong-peer-secret";

}  // namespace stampede::peers
