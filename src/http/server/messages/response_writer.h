#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/message.h"

namespace stampede::http {

/// The unsent answers of one connection. Every answer says that its type is not to be guessed
/// (X-Content-Type-Options), one that says nothing of caches that it is for none (Cache-Control:
/// no-store), and a 401 without a challenge that a cookie is wanted (WWW-Authenticate, RFC 9110,
/// 11.6.1: browsers pass over a scheme that they do not know, so no window asks for a password).
/// Small ones are gathered in one buffer, so that pipelined requests share a write; the body of a
/// large one is sent without being copied.
class ResponseWriter {
 public:
  enum class Body {
    kWhole,      // in the response
    kChunked,    // comes by write_chunk() and write_last_chunk()
    kUntilClose  // comes by write_raw() and ends with the connection, for HTTP/1.0
  };
  struct Options {
    bool head_only = false;  // HEAD: the body is left out, its length is not
    bool close = false;
    Body body = Body::kWhole;
    std::string_view common;  // whole lines with CR LF that every answer has: Date
  };
  void write(Response&& response, const Options& options);
  void write_continue() { head_ += "HTTP/1.1 100 Continue\r\n\r\n"; }
  void write_chunk(std::string_view bytes);  // not empty
  void write_last_chunk() { head_ += "0\r\n\r\n"; }
  void write_raw(std::string_view bytes) { head_ += bytes; }

  bool empty() const { return head_.size() == sent_ && body_left().empty(); }
  /// True when the gathered answers should be sent before more are added.
  bool full() const { return large_body_ != nullptr || head_.size() >= kGather; }

  /// What to send, in order; then sent() says how much of it went.
  std::string_view head_left() const { return std::string_view(head_).substr(sent_); }
  std::string_view body_left() const {
    return large_body_ ? std::string_view(*large_body_).substr(body_sent_) : std::string_view();
  }
  std::size_t left() const { return head_left().size() + body_left().size(); }
  void sent(std::size_t size);

 private:
  static constexpr std::size_t kLargeBody = 16UL * 1024;
  static constexpr std::size_t kGather = 64UL * 1024;

  void append_head(const Response& response, std::size_t body_size, const Options& options);

  std::string head_;
  std::size_t sent_ = 0;
  std::shared_ptr<const std::string> large_body_;
  std::size_t body_sent_ = 0;
};

}  // namespace stampede::http
