#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

namespace stampede::http {

// What the parser of Boost 1.81 lets through and this server does not. Two parsers that read one
// message differently let an attacker smuggle a second one past the first (RFC 9112, 11.2), so
// whatever is open to interpretation is refused and the connection closed.

/// Why a request is refused.
struct Refusal {
  int status;
  std::string_view type;    // the problem's slug
  std::string_view detail;  // a literal
};
std::unexpected<Refusal> bad_request(std::string_view detail);
inline constexpr Refusal kBodyTooLarge{413, "body-too-large",
                                       "The body is larger than this server takes."};

/// Finds the end of a request's head as it arrives, and refuses lines that do not end in CR LF and
/// folded ones. It leaves the characters within a line to the parser.
class HeadScanner {
 public:
  explicit HeadScanner(std::size_t limit) : limit_(limit) {}

  /// `data` begins with the request line and only grows between calls. The size of the head with
  /// its empty line, or 0 while more is needed.
  std::expected<std::size_t, Refusal> scan(std::string_view data);
  void reset() { line_ = searched_ = 0; }

 private:
  const std::size_t limit_;
  std::size_t line_ = 0;      // where the unfinished line begins
  std::size_t searched_ = 0;  // no LF from line_ up to here
};

/// Decodes a chunked body in place. Trailers are checked and dropped.
class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(std::size_t body_limit) : body_limit_(body_limit) {}

  struct Progress {
    std::size_t decoded = 0;   // bytes of body, now at the front of `raw`
    std::size_t consumed = 0;  // bytes of `raw` that were used up
    bool done = false;
  };
  /// `raw` is what arrived and was not consumed yet; what is left over comes again, with more.
  std::expected<Progress, Refusal> decode(std::span<char> raw);

 private:
  enum class State { kSize, kData, kDataEnd, kTrailer };
  std::expected<void, Refusal> begin_chunk(std::string_view line);
  std::expected<bool, Refusal> end_line(std::string_view line);

  const std::size_t body_limit_;
  State state_ = State::kSize;
  std::size_t chunk_left_ = 0;  // of the chunk's data
  std::size_t body_size_ = 0;
  std::size_t trailer_size_ = 0;
};

}  // namespace stampede::http
