#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <functional>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "concurrency/mutex.h"
#include "tests/support/listener.h"

namespace stampede::test_support {

/// A system of the merchant's own that is told of events by plain HTTP, on a free port of the
/// loopback: one thread a connection. Thread-safe.
class WebhookReceiver {
 public:
  struct Delivery {
    std::string path;  // "/a"
    std::string id, timestamp, signature;
    std::string body;
  };
  /// The status that a delivery is answered with; 0: it never is.
  using Answer = std::function<int(const Delivery&)>;

  explicit WebhookReceiver(Answer answer = [](const Delivery&) { return 204; })
      : answer_(std::move(answer)), accepting_([this] { accept(); }) {}
  WebhookReceiver(const WebhookReceiver&) = delete;
  WebhookReceiver& operator=(const WebhookReceiver&) = delete;
  ~WebhookReceiver() {
    listener_.shut();
    accepting_.join();
    for (auto& [socket, thread] : connections_) {
      ::shutdown(socket, SHUT_RDWR);
      thread.join();
      ::close(socket);
    }
  }

  std::string url(std::string_view path) const {
    return "http://" + listener_.address() + std::string(path);
  }
  void answer_with(Answer answer) {
    const concurrency::MutexLock lock(mutex_);
    answer_ = std::move(answer);
  }
  /// All that came to that path, in order.
  std::vector<Delivery> at(std::string_view path) const {
    const concurrency::MutexLock lock(mutex_);
    std::vector<Delivery> found;
    std::ranges::copy_if(deliveries_, std::back_inserter(found),
                         [&](const Delivery& each) { return each.path == path; });
    return found;
  }
  std::size_t count() const {
    const concurrency::MutexLock lock(mutex_);
    return deliveries_.size();
  }

 private:
  void accept() {
    for (int socket = listener_.accept(); socket >= 0; socket = listener_.accept()) {
      connections_.emplace_back(socket, std::thread([this, socket] { serve(socket); }));
    }
  }

  void serve(int socket) {
    std::string bytes;
    for (Delivery delivery; read(socket, bytes, delivery); delivery = {}) {
      Answer answer;
      {
        const concurrency::MutexLock lock(mutex_);
        deliveries_.push_back(delivery);
        answer = answer_;
      }
      const int status = answer(delivery);
      if (status == 0) continue;  // the peer goes, or the test ends
      const std::string response =
          "HTTP/1.1 " + std::to_string(status) + " -\r\nContent-Length: 0\r\n\r\n";
      if (::send(socket, response.data(), response.size(), MSG_NOSIGNAL) < 0) return;
    }
  }

  /// The next request; what is behind it stays in `bytes`. False: there is none.
  static bool read(int socket, std::string& bytes, Delivery& delivery) {
    std::size_t end = 0;
    while ((end = bytes.find("\r\n\r\n")) == bytes.npos) {
      if (!receive(socket, bytes)) return false;
    }
    const std::string head = bytes.substr(0, end + 2);
    const std::string length = header(head, "Content-Length");
    std::size_t size = 0;
    std::from_chars(length.data(), length.data() + length.size(), size);
    while (bytes.size() < end + 4 + size) {
      if (!receive(socket, bytes)) return false;
    }
    const auto from = head.find(' ') + 1;
    delivery = {.path = head.substr(from, head.find(' ', from) - from),
                .id = header(head, "webhook-id"),
                .timestamp = header(head, "webhook-timestamp"),
                .signature = header(head, "webhook-signature"),
                .body = bytes.substr(end + 4, size)};
    bytes.erase(0, end + 4 + size);
    return true;
  }

  static bool receive(int socket, std::string& bytes) {
    char buffer[16'384];
    const auto count = ::recv(socket, buffer, sizeof buffer, 0);
    if (count > 0) bytes.append(buffer, static_cast<std::size_t>(count));
    return count > 0;
  }

  static std::string header(const std::string& head, const std::string& name) {
    const auto found = head.find("\r\n" + name + ": ");
    if (found == head.npos) return {};
    const auto from = found + name.size() + 4;
    return head.substr(from, head.find("\r\n", from) - from);
  }

  Listener listener_;
  mutable concurrency::Mutex mutex_;
  Answer answer_ STAMPEDE_GUARDED_BY(mutex_);
  std::vector<Delivery> deliveries_ STAMPEDE_GUARDED_BY(mutex_);
  std::list<std::pair<int, std::thread>> connections_;  // of the thread that accepts
  std::thread accepting_;
};

}  // namespace stampede::test_support
