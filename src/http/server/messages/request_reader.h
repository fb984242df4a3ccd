#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "http/message.h"
#include "http/server/messages/request_parser.h"
#include "http/server/messages/strict.h"

namespace stampede::http {

/// Turns the bytes of one connection into requests, one after the other, in one buffer that grows
/// only with what the peer has really sent. Knows no socket and no clock.
class RequestReader {
 public:
  struct Limits {
    std::size_t header_bytes;
    std::size_t body_bytes;
    bool stop_before_body = false;  // kHead is told
  };
  explicit RequestReader(Limits limits);

  /// Where to put what arrives next; never empty. Moves the bytes of an unfinished request.
  std::span<char> space();
  void received(std::size_t size) { end_ += size; }

  enum class Progress {
    kNeedMore,
    /// Once a request, if the reader stops there: its head is whole, request() has all but the
    /// body, and a body is to come.
    kHead,
    kSendContinue,  // tell the peer to go on (100 Continue), then as kNeedMore
    kComplete,      // request() is whole
  };
  /// After received(), and after finish(), which may leave a pipelined request. After a refusal the
  /// reader is of no more use.
  std::expected<Progress, Refusal> advance();

  /// How far the request under way has been read.
  enum class Phase { kIdle, kHead, kBody, kComplete };
  Phase phase() const { return phase_; }
  /// How much of its body has come, without the framing of chunks. After advance(), in kBody.
  std::size_t body_received() const {
    return framing_.chunked ? body_size_ : end_ - begin_ - head_size_;
  }

  /// Valid from kComplete to finish(); its views are into the buffer.
  Request& request() { return request_; }
  bool keep_alive() const { return framing_.keep_alive; }
  bool http_1_0() const { return framing_.http_1_0; }
  /// Drops the complete request.
  void finish();

 private:
  std::string_view buffered() const { return {data_.get() + begin_, end_ - begin_}; }
  std::expected<bool, Refusal> advance_head();
  std::expected<bool, Refusal> advance_body();

  const Limits limits_;
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;  // of the request under way
  std::size_t end_ = 0;    // of what was received

  HeadScanner scanner_;
  std::optional<ChunkedDecoder> chunks_;
  Request request_;
  Framing framing_;
  Phase phase_ = Phase::kIdle;
  std::size_t head_size_ = 0;
  std::size_t body_size_ = 0;  // of a chunked body: decoded so far
  bool blank_line_skipped_ = false;
  bool continue_sent_ = false;
  bool moved_ = false;  // space() was called since the head was parsed
};

}  // namespace stampede::http
