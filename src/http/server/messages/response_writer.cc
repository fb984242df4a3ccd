#include "http/server/messages/response_writer.h"

#include <algorithm>
#include <charconv>

#include "http/text.h"

namespace stampede::http {
namespace {

void append_number(std::string& out, std::size_t number) {
  char digits[20];
  const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), number);
  static_cast<void>(error);  // 20 digits hold any 64-bit number
  out.append(digits, end);
}

/// A value cannot end its line, whatever it was made from.
void append_value(std::string& out, std::string_view value) {
  constexpr std::string_view kForbidden("\r\n\0", 3);
  if (value.find_first_of(kForbidden) == std::string_view::npos) {
    out += value;
    return;
  }
  std::ranges::copy_if(value, std::back_inserter(out),
                       [&](char c) { return kForbidden.find(c) == std::string_view::npos; });
}

constexpr std::string_view kCacheControl = "Cache-Control";
constexpr std::string_view kChallenge = "WWW-Authenticate";

bool has_no_length(int status) { return status < 200 || status == 204 || status == 304; }

}  // namespace

void ResponseWriter::append_head(const Response& response, std::size_t body_size,
                                 const Options& options) {
  head_ += "HTTP/1.1 ";
  append_number(head_, static_cast<std::size_t>(response.status));
  head_ += ' ';
  head_ += reason_phrase(response.status);
  head_ += "\r\n";
  head_ += options.common;
  if (!response.content_type.empty()) {
    head_ += "Content-Type: ";
    head_ += response.content_type;
    head_ += "\r\n";
  }
  if (options.body == Body::kChunked) {
    head_ += "Transfer-Encoding: chunked\r\n";
  } else if (options.body == Body::kWhole && !has_no_length(response.status)) {
    head_ += "Content-Length: ";
    append_number(head_, body_size);
    head_ += "\r\n";
  }
  if (options.close) {
    head_ += "Connection: close\r\n";
  }
  bool says_caching = false;
  bool challenges = false;
  for (const auto& [name, value] : response.headers) {
    says_caching = says_caching || name == kCacheControl;
    challenges = challenges || name == kChallenge;
    head_ += name;
    head_ += ": ";
    append_value(head_, value);
    head_ += "\r\n";
  }
  head_ += "X-Content-Type-Options: nosniff\r\n";
  if (!says_caching) {
    head_ += "Cache-Control: no-store\r\n";
  }
  if (response.status == 401 && !challenges) {
    head_ += "WWW-Authenticate: Cookie realm=\"stampede\"\r\n";
  }
  head_ += "\r\n";
}

void ResponseWriter::write(Response&& response, const Options& options) {
  const std::string_view body = response.shared_body ? *response.shared_body : response.body;
  append_head(response, body.size(), options);
  if (options.head_only || has_no_length(response.status)) {
    return;
  }
  if (body.size() < kLargeBody) {
    head_ += body;
    return;
  }
  large_body_ = response.shared_body
                    ? std::move(response.shared_body)
                    : std::make_shared<const std::string>(std::move(response.body));
}

void ResponseWriter::write_chunk(std::string_view bytes) {
  char size[16];
  const auto [end, error] = std::to_chars(std::begin(size), std::end(size), bytes.size(), 16);
  static_cast<void>(error);  // 16 digits hold any 64-bit number
  head_.append(size, end);
  head_ += "\r\n";
  head_ += bytes;
  head_ += "\r\n";
}

void ResponseWriter::sent(std::size_t size) {
  const std::size_t of_head = std::min(size, head_.size() - sent_);
  sent_ += of_head;
  body_sent_ += size - of_head;
  if (!empty()) {
    return;
  }
  large_body_.reset();
  body_sent_ = sent_ = 0;
  if (head_.capacity() > kGather / 4) {
    head_ = {};  // a connection at rest keeps little
  } else {
    head_.clear();
  }
}

}  // namespace stampede::http
