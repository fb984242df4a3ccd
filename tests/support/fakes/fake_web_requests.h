#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "web_requests/web_requests.h"

namespace stampede::test_support {

/// A service that answers as the test says: at once, or when the test calls answer_all().
class FakeWebRequests final : public web_requests::WebRequests {
 public:
  void send(web_requests::Request request, Done done) override {
    asked.push_back(std::move(request));
    waiting_.push_back(std::move(done));
    if (!later) answer_all();
  }
  /// Those that wait hear of it, as later ones do.
  void stop() override {
    answer = [](const web_requests::Request&) { return fails(web_requests::Failure::kStopped); };
    answer_all();
  }
  /// Each request that waits is given the answer to it, in order.
  void answer_all() {
    const std::size_t first = asked.size() - waiting_.size();
    auto waiting = std::exchange(waiting_, {});
    for (std::size_t i = 0; i < waiting.size(); ++i) waiting[i](answer(asked[first + i]));
  }

  static web_requests::Result says(int status, std::string body) {
    return web_requests::Response{.status = status, .headers = {}, .body = std::move(body)};
  }
  static web_requests::Result fails(web_requests::Failure failure) {
    return std::unexpected(
        web_requests::Error{.failure = failure, .detail = "as the test says", .sent = false});
  }

  std::function<web_requests::Result(const web_requests::Request&)> answer =
      [](const web_requests::Request&) { return says(200, "{}"); };
  bool later = false;
  std::vector<web_requests::Request> asked;

 private:
  std::vector<Done> waiting_;
};

}  // namespace stampede::test_support
