#pragma once

#include <memory>
#include <string>

#include "http/asio_types.h"
#include "http/client/upstream.h"

namespace stampede::http {

/// One request under way, with the callback for its answer. Destroyed without an answer, it reports
/// a failure, so that the callback always runs.
class UpstreamCall {
 public:
  UpstreamCall(std::string target, const ClientRequest& request, Clock::time_point deadline,
               Upstream::Done done);
  ~UpstreamCall();
  UpstreamCall(const UpstreamCall&) = delete;
  UpstreamCall& operator=(const UpstreamCall&) = delete;

  const std::string& bytes() const { return bytes_; }
  bool is_head() const { return is_head_; }
  Clock::time_point deadline() const { return deadline_; }

  /// True: the peer may have received a part of the request. False: it certainly received nothing.
  void set_sent(bool sent) { sent_ = sent; }

  /// The first call of answer() or fail() runs the callback; later calls do nothing.
  void answer(ClientResponse response);
  void fail(std::string_view what, std::string_view why);  // "connect" T: "Connection refused"
  bool over() const { return !done_; }

 private:
  void finish(Upstream::Result result);

  const std::string target_;
  const std::string bytes_;
  const bool is_head_;
  const Clock::time_point deadline_;
  Upstream::Done done_;  // empty once called
  bool sent_ = false;
};

}  // namespace stampede::http
