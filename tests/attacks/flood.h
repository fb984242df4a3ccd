#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/attacks/honest.h"
#include "tests/support/eventually.h"
#include "tests/support/raw_connection.h"

namespace stampede::test_support {

/// An attacker: connections that ask as fast as they are answered, until the flood ends.
class Flood {
 public:
  struct Options {
    std::uint16_t port = 0;
    std::string address;  // of 127.0.0.0/8, that they come from
    int connections = 16;
    int at_once = 16;                      // requests in one write
    std::function<std::string()> request;  // the next one, whole; called by several threads
  };

  explicit Flood(Options options) : options_(std::move(options)) {
    for (int i = 0; i < kThreads; ++i) {
      threads_.emplace_back([this, share = share_of(i)] { run(share); });
    }
  }
  ~Flood() { stop(); }
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  void stop() {
    stopping_ = true;
    threads_.clear();
  }
  /// Answers with that status so far.
  int answers(int status) const { return counts_[static_cast<std::size_t>(status)]; }
  /// Waits for more than so many of them; a fatal failure if they never come.
  void await(int status, int more_than) const {
    ASSERT_TRUE(eventually(kPatience, [&] { return answers(status) > more_than; })) << status;
  }

 private:
  static constexpr int kThreads = 2;
  static constexpr int kLookAgainMilliseconds = 100;  // whether it is to stop

  int share_of(int thread) const {
    return options_.connections / kThreads + (thread < options_.connections % kThreads ? 1 : 0);
  }

  void run(int share) {
    stand_back();
    std::vector<RawConnection> connections;
    std::vector<pollfd> waiting;
    while (!stopping_) {
      while (std::ssize(connections) < share) {
        connections.emplace_back(options_.port, options_.address.c_str());
        ask(connections.back());
      }
      waiting.clear();
      for (const RawConnection& connection : connections) {
        waiting.push_back({.fd = connection.descriptor(), .events = POLLIN, .revents = 0});
      }
      ::poll(waiting.data(), waiting.size(), kLookAgainMilliseconds);
      for (std::size_t i = 0; i < connections.size(); ++i) {
        if (waiting[i].revents == 0) continue;
        if (!read_all(connections[i]) || !ask(connections[i])) connections[i].close();
      }
      std::erase_if(connections,
                    [](const auto& connection) { return connection.descriptor() < 0; });
    }
  }

  bool ask(RawConnection& connection) const {
    std::string requests;
    for (int i = 0; i < options_.at_once; ++i) requests += options_.request();
    return connection.send(requests);
  }

  bool read_all(RawConnection& connection) {
    for (int i = 0; i < options_.at_once; ++i) {
      const std::string response = connection.response();
      if (response.size() < 12) return false;
      ++counts_[static_cast<std::size_t>(std::clamp(std::atoi(response.c_str() + 9), 0, 599))];
    }
    return true;
  }

  const Options options_;
  std::array<std::atomic<int>, 600> counts_{};
  std::atomic<bool> stopping_ = false;
  std::vector<std::jthread> threads_;
};

/// Ends a flood, whose counts stay.
class Stopping {
 public:
  explicit Stopping(Flood& flood) : flood_(flood) {}
  ~Stopping() { flood_.stop(); }
  Stopping(const Stopping&) = delete;
  Stopping& operator=(const Stopping&) = delete;

 private:
  Flood& flood_;
};

/// A flood that is under way: it has been answered more than so often with that status.
inline std::unique_ptr<Flood> flood_until(int status, int more_than, Flood::Options options) {
  auto flood = std::make_unique<Flood>(std::move(options));
  flood->await(status, more_than);
  return flood;
}

}  // namespace stampede::test_support
