#include "http/server/messages/request_reader.h"

#include <algorithm>
#include <cstring>

namespace stampede::http {
namespace {

constexpr std::size_t kFirstCapacity = 4UL * 1024;  // what an idle connection keeps
constexpr std::size_t kKeptCapacity = 16UL * 1024;  // what a busy one keeps between requests
constexpr std::size_t kLeastSpace = 1024;

}  // namespace

RequestReader::RequestReader(Limits limits) : limits_(limits), scanner_(limits.header_bytes) {}

std::span<char> RequestReader::space() {
  moved_ = true;
  if (begin_ == end_) {
    begin_ = end_ = 0;
  }
  if (capacity_ - end_ < kLeastSpace && begin_ > 0) {
    std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (capacity_ - end_ < kLeastSpace) {
    const std::size_t capacity = std::max(kFirstCapacity, capacity_ * 2);
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    std::copy_n(data_.get(), end_, larger.get());
    data_ = std::move(larger);
    capacity_ = capacity;
  }
  return {data_.get() + end_, capacity_ - end_};
}

std::expected<RequestReader::Progress, Refusal> RequestReader::advance() {
  if (phase_ == Phase::kIdle || phase_ == Phase::kHead) {
    const auto whole = advance_head();
    if (!whole) {
      return std::unexpected(whole.error());
    }
    if (!*whole) {
      return Progress::kNeedMore;
    }
    if (limits_.stop_before_body && (framing_.chunked || framing_.content_length > 0)) {
      return Progress::kHead;
    }
  }
  const auto whole = advance_body();
  if (!whole) {
    return std::unexpected(whole.error());
  }
  if (*whole) {
    return Progress::kComplete;
  }
  // A peer that already sends its body does not wait for "100 Continue".
  if (framing_.expects_continue && !continue_sent_ && end_ - begin_ == head_size_) {
    continue_sent_ = true;
    return Progress::kSendContinue;
  }
  return Progress::kNeedMore;
}

std::expected<bool, Refusal> RequestReader::advance_head() {
  // Some clients end a POST with one CR LF too many (RFC 9112, 2.2).
  if (!blank_line_skipped_ && buffered().starts_with("\r\n")) {
    blank_line_skipped_ = true;
    begin_ += 2;
    scanner_.reset();
  }
  if (begin_ == end_) {
    return false;
  }
  phase_ = Phase::kHead;
  const auto size = scanner_.scan(buffered());
  if (!size) {
    return std::unexpected(size.error());
  }
  if (*size == 0) {
    return false;
  }
  const auto framing = parse_head(buffered().substr(0, *size), request_);
  if (!framing) {
    return std::unexpected(framing.error());
  }
  if (framing->content_length > limits_.body_bytes) {
    return std::unexpected(kBodyTooLarge);
  }
  head_size_ = *size;
  framing_ = *framing;
  if (framing_.chunked) {
    chunks_.emplace(limits_.body_bytes);
  }
  phase_ = Phase::kBody;
  moved_ = false;
  return true;
}

std::expected<bool, Refusal> RequestReader::advance_body() {
  if (framing_.chunked) {
    char* const raw = data_.get() + begin_ + head_size_ + body_size_;
    const auto progress = chunks_->decode({raw, data_.get() + end_});
    if (!progress) {
      return std::unexpected(progress.error());
    }
    // Close the gap behind what was decoded, so that the framing of tiny chunks takes no memory.
    std::copy(raw + progress->consumed, data_.get() + end_, raw + progress->decoded);
    end_ -= progress->consumed - progress->decoded;
    body_size_ += progress->decoded;
    if (!progress->done) {
      return false;
    }
  } else {
    if (end_ - begin_ - head_size_ < framing_.content_length) {
      return false;
    }
    body_size_ = static_cast<std::size_t>(framing_.content_length);
  }
  if (moved_) {  // the body came later and the head may have moved: renew the views into it
    if (const auto again = parse_head(buffered().substr(0, head_size_), request_); !again) {
      return std::unexpected(again.error());
    }
  }
  request_.body = buffered().substr(head_size_, body_size_);
  phase_ = Phase::kComplete;
  return true;
}

void RequestReader::finish() {
  begin_ += head_size_ + body_size_;
  if (begin_ == end_ && capacity_ > kKeptCapacity) {
    data_.reset();
    begin_ = end_ = capacity_ = 0;
  }
  head_size_ = body_size_ = 0;
  scanner_.reset();
  chunks_.reset();
  blank_line_skipped_ = continue_sent_ = false;
  phase_ = Phase::kIdle;
}

}  // namespace stampede::http
