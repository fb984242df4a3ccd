#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "http/server/handlers/post.h"

namespace stampede::http {

class BodyChannel;

/// What the server's drain does to a body that is not complete.
enum class AtDrain {
  kEnd,  // it ends with what was written: a stream of events, of which every part is whole
  kCut,  // the connection is cut: a file, of which a part must not pass for the whole
};

/// The body of an answer that is written while it is being sent, such as a stream of events: the
/// end that the handler keeps. Its connection closes after it. Move-only; for one thread at a time,
/// whichever that is; it may outlive the server. Destroyed before end(), it cuts the connection, so
/// that nobody takes a part for the whole.
class BodyStream {
 public:
  /// Bytes that may wait for a peer that does not read. Beyond that the connection is cut.
  static constexpr std::size_t kMostBuffered = 64UL * 1024;

  explicit BodyStream(std::shared_ptr<BodyChannel> channel) : channel_(std::move(channel)) {}
  BodyStream(BodyStream&&) noexcept = default;
  BodyStream& operator=(BodyStream&& other) noexcept {
    std::swap(channel_, other.channel_);
    return *this;
  }
  BodyStream(const BodyStream&) = delete;
  BodyStream& operator=(const BodyStream&) = delete;
  ~BodyStream();

  /// Sends these bytes soon; never waits. False if the stream is closed, or is now because its peer
  /// reads too slowly. True promises nothing of their arrival.
  bool write(std::string_view bytes);
  /// As fast as the peer reads: blocks until all of it is on its way, so never on a session's own
  /// thread. False once the stream is closed, or is now because the peer took nothing for
  /// `patience`; of the bytes some may have been sent then.
  bool write_when_room(std::string_view bytes, std::chrono::milliseconds patience);
  /// The body is whole.
  void end();
  /// True once nothing more will be sent: the peer is gone or too slow, the server drains, end()
  /// was called, or the request was HEAD.
  bool closed() const;

 private:
  std::shared_ptr<BodyChannel> channel_;
};

/// The reading end, which the session uses on its own thread. Destroyed, it closes the stream.
class BodySource {
 public:
  explicit BodySource(std::shared_ptr<BodyChannel> channel) : channel_(std::move(channel)) {}
  BodySource(BodySource&&) noexcept = default;
  BodySource& operator=(BodySource&&) = delete;
  ~BodySource();

  /// `changed` runs on the session's thread, soon after there is something new for take().
  void watch(std::function<void()> changed);

  enum class State { kOpen, kEnded, kCut };
  State state() const;
  struct Part {
    std::string bytes;
    State state = State::kOpen;  // after these bytes
  };
  /// What was written since the last time.
  Part take();
  /// Everything that take() returned has been sent: the buffer has room again.
  void sent();
  /// Ends or cuts the stream, as it was made to, if it is open: the server drains.
  void drain();

 private:
  std::shared_ptr<BodyChannel> channel_;
};

/// Both ends of a new stream; `post` leads to the session's thread.
std::pair<BodyStream, BodySource> make_body_stream(Post post, AtDrain at_drain = AtDrain::kEnd);

}  // namespace stampede::http
