#include "http/server/messages/strict.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "http/text.h"

namespace stampede::http {
namespace {

constexpr std::size_t kChunkLineLimit = 256;
constexpr std::size_t kTrailerLimit = 4096;

const std::unexpected<Refusal> kHeadTooLarge{Refusal{
    431, "header-too-large", "The request line and headers are larger than this server takes."}};

bool is_forbidden(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

/// The line that ends at the LF `data[feed]`, without its CR LF.
std::expected<std::string_view, Refusal> line_before(std::string_view data, std::size_t begin,
                                                     std::size_t feed) {
  if (feed == begin || data[feed - 1] != '\r') {
    return bad_request("A line ends in a bare LF; every line must end in CR LF.");
  }
  return data.substr(begin, feed - 1 - begin);
}

bool is_folded(std::string_view line) { return line.front() == ' ' || line.front() == '\t'; }

const std::unexpected<Refusal> kFolded = bad_request("A header is folded over several lines.");

/// A trailer, which no other parser looks at.
std::expected<void, Refusal> check_field(std::string_view line) {
  if (is_folded(line)) {
    return kFolded;
  }
  const auto name_end = std::ranges::find_if_not(line, is_token_char);
  if (name_end == line.end()) {
    return bad_request("A header line has no ':'.");
  }
  if (*name_end == ' ' || *name_end == '\t') {
    return bad_request("White space before the ':' of a header.");
  }
  if (*name_end != ':' || name_end == line.begin()) {
    return bad_request("The name of a header is not a token.");
  }
  return {};
}

}  // namespace

std::unexpected<Refusal> bad_request(std::string_view detail) {
  return std::unexpected(Refusal{400, "bad-request", detail});
}

std::expected<std::size_t, Refusal> HeadScanner::scan(std::string_view data) {
  for (;;) {
    const auto feed = data.find('\n', searched_);
    if (feed == std::string_view::npos) {
      searched_ = data.size();
      if (data.size() >= limit_) {
        return kHeadTooLarge;
      }
      return 0;
    }
    if (feed >= limit_) {
      return kHeadTooLarge;
    }
    const auto line = line_before(data, line_, feed);
    if (!line) {
      return std::unexpected(line.error());
    }
    const bool is_request_line = line_ == 0;
    line_ = searched_ = feed + 1;
    if (line->empty()) {
      if (is_request_line) {
        return bad_request("The request line is empty.");
      }
      return feed + 1;
    }
    if (!is_request_line && is_folded(*line)) {
      return kFolded;
    }
  }
}

std::expected<ChunkedDecoder::Progress, Refusal> ChunkedDecoder::decode(std::span<char> raw) {
  Progress progress;
  const std::string_view view(raw.data(), raw.size());
  while (progress.consumed < raw.size()) {
    if (state_ == State::kData) {
      const std::size_t size = std::min(chunk_left_, raw.size() - progress.consumed);
      std::memmove(raw.data() + progress.decoded, raw.data() + progress.consumed, size);
      progress.decoded += size;
      progress.consumed += size;
      chunk_left_ -= size;
      if (chunk_left_ == 0) {
        state_ = State::kDataEnd;
      }
      continue;
    }
    const auto feed = view.find('\n', progress.consumed);
    if (feed == std::string_view::npos) {
      // Its CR may be there already.
      if (raw.size() - progress.consumed > kChunkLineLimit + 1 && state_ != State::kTrailer) {
        return bad_request("Bad chunk: the line before its data is too long.");
      }
      if (trailer_size_ + raw.size() - progress.consumed > kTrailerLimit &&
          state_ == State::kTrailer) {
        return kHeadTooLarge;
      }
      return progress;
    }
    const auto line = line_before(view, progress.consumed, feed);
    if (!line) {
      return std::unexpected(line.error());
    }
    if (std::ranges::any_of(*line, is_forbidden)) {
      return bad_request("Bad chunk: a control character outside of its data.");
    }
    progress.consumed = feed + 1;
    const auto done = end_line(*line);
    if (!done) {
      return std::unexpected(done.error());
    }
    if (*done) {
      progress.done = true;
      return progress;
    }
  }
  return progress;
}

/// Acts on a whole line outside of a chunk's data; true if it ends the body.
std::expected<bool, Refusal> ChunkedDecoder::end_line(std::string_view line) {
  switch (state_) {
    case State::kSize:
      if (const auto begun = begin_chunk(line); !begun) {
        return std::unexpected(begun.error());
      }
      return false;
    case State::kData:
    case State::kDataEnd:
      if (!line.empty()) {
        return bad_request("Bad chunk: its data is longer than its size.");
      }
      state_ = State::kSize;
      return false;
    case State::kTrailer:
      break;
  }
  if (line.empty()) {
    return true;
  }
  trailer_size_ += line.size() + 2;
  if (trailer_size_ > kTrailerLimit) {
    return kHeadTooLarge;
  }
  if (const auto checked = check_field(line); !checked) {
    return std::unexpected(checked.error());
  }
  return false;
}

/// chunk-size [ chunk-ext ]; extensions mean nothing here.
std::expected<void, Refusal> ChunkedDecoder::begin_chunk(std::string_view line) {
  if (line.size() > kChunkLineLimit) {
    return bad_request("Bad chunk: the line before its data is too long.");
  }
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  const std::string_view rest(end, static_cast<std::size_t>(line.data() + line.size() - end));
  if (error == std::errc::result_out_of_range) {
    return std::unexpected(kBodyTooLarge);
  }
  if (error != std::errc{} || (!rest.empty() && rest.front() != ';')) {
    return bad_request("Bad chunk: its size is not a hexadecimal number.");
  }
  if (size > body_limit_ - body_size_) {
    return std::unexpected(kBodyTooLarge);
  }
  body_size_ += size;
  chunk_left_ = size;
  state_ = size == 0 ? State::kTrailer : State::kData;
  return {};
}

}  // namespace stampede::http
