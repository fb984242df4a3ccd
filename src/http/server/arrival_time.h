#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "http/server/messages/request_reader.h"
#include "http/server/server.h"

namespace stampede::http {

/// How long one connection is waited for until the next part of a request has come: each phase of a
/// request has a time, and a body has it anew for each Limits::progress_bytes.
class ArrivalTime {
 public:
  /// `limits` outlives it.
  explicit ArrivalTime(const Limits& limits) : limits_(limits) {}

  /// The limit that begins now; nullopt: the limit that began before goes on, because a phase has
  /// one limit for all its bytes, however slowly they come. `body_received`: in kBody, bytes of the
  /// body; 0 in the others.
  std::optional<std::chrono::milliseconds> next(RequestReader::Phase phase,
                                                std::size_t body_received);
  /// A request is whole: the next one has times of its own.
  void arrived() {
    first_request_ = false;
    phase_.reset();
  }
  /// The connection did something else than wait for the peer: the next call of next() begins a
  /// limit anew.
  void interrupted() { phase_.reset(); }
  /// No request of the connection has arrived whole yet.
  bool first_request() const { return first_request_; }

 private:
  std::chrono::milliseconds limit_of(RequestReader::Phase phase) const;

  const Limits& limits_;
  std::optional<RequestReader::Phase> phase_;  // whose time runs
  std::size_t body_ = 0;                       // and how much of the body had come when it began
  bool first_request_ = true;
};

}  // namespace stampede::http
