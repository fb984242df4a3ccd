#pragma once

#include <expected>
#include <string>

#include "peers/messages.h"

namespace stampede::peers {

/// A validator's way to quantity control. Calls block, for a bounded time; an error is a sentence,
/// and says nothing of what quantity control did. Thread-safe.
class QuantityLink {
 public:
  virtual ~QuantityLink() = default;
  virtual std::expected<HeartbeatReply, std::string> beat(const Heartbeat& heartbeat) = 0;
  virtual std::expected<LeaseReply, std::string> ask(const LeaseAsk& ask) = 0;
};

}  // namespace stampede::peers
