#include "http/server/arrival_time.h"

#include <algorithm>

namespace stampede::http {

using Phase = RequestReader::Phase;

std::optional<std::chrono::milliseconds> ArrivalTime::next(Phase phase, std::size_t body_received) {
  if (phase_ == phase && body_received < body_ + limits_.progress_bytes) return std::nullopt;
  phase_ = phase;
  body_ = body_received;
  return limit_of(phase);
}

std::chrono::milliseconds ArrivalTime::limit_of(Phase phase) const {
  switch (phase) {
    case Phase::kIdle:
      // A new connection is expected to send a request at once.
      return first_request_ ? std::min(limits_.idle_time, limits_.header_time) : limits_.idle_time;
    case Phase::kHead:
      return limits_.header_time;
    default:
      return limits_.body_time;
  }
}

}  // namespace stampede::http
