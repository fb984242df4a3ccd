#include "http/client/upstream.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "concurrency/mutex.h"
#include "http/client/upstream_pool.h"
#include "http/task_queue.h"
#include "net/host_port.h"

namespace stampede::http {
namespace {

/// Deadlines are checked no more often than this.
constexpr std::chrono::milliseconds kTick{20};

net::HostPort parse_target(std::string_view text) {
  auto target = net::HostPort::parse(text);
  if (!target || target->port == 0) {
    throw std::invalid_argument(
        fmt::format("target '{}': expected HOST:PORT such as 127.0.0.1:8083 or [::1]:8083", text));
  }
  return *std::move(target);
}

}  // namespace

class Upstream::Implementation {
 public:
  Implementation(const Limits& limits, TransportLayer layer)
      : limits_(limits), layer_(std::move(layer)) {
    thread_ = std::jthread([this] { context_.run(); });
    ::pthread_setname_np(thread_.native_handle(), "upstream");
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  void send(net::HostPort target, std::unique_ptr<UpstreamCall> call) {
    tasks_.push([this, target = std::move(target), call = std::move(call)]() mutable {
      if (stopping_) {
        return;  // the call fails as it goes
      }
      const auto deadline = call->deadline();
      const auto [pool, added] =
          pools_.try_emplace(target.text(), context_, limits_, layer_, target);
      pool->second.submit(std::move(call));
      wake_at(std::min(deadline, Clock::now() + limits_.idle_time));
    });
  }

  void stop() {
    const concurrency::MutexLock guard(stop_mutex_);
    if (!thread_.joinable()) {
      return;
    }
    tasks_.push([this] {
      stopping_ = true;
      for (auto& [target, pool] : pools_) {
        pool.stop();
      }
      timer_.cancel();
      work_.reset();
    });
    thread_.join();
    tasks_.close();
  }

 private:
  void wake_at(Clock::time_point time) {
    if (stopping_ || time >= wake_time_) {
      return;
    }
    wake_time_ = time;
    timer_.expires_at(std::max(time, Clock::now() + kTick));
    timer_.async_wait([this](const error_code& ec) {
      if (!ec) {
        expire();
      }
    });
  }

  void expire() {
    wake_time_ = Clock::time_point::max();
    auto next = Clock::time_point::max();
    for (auto& [target, pool] : pools_) {
      next = std::min(next, pool.expire(Clock::now()));
    }
    wake_at(next);
  }

  const Limits limits_;
  const TransportLayer layer_;
  asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};  // one thread runs it
  asio::executor_work_guard<Executor> work_{context_.get_executor()};
  TaskQueue tasks_{context_, [this] { tasks_.run_all(); }};
  Timer timer_{context_.get_executor()};
  std::unordered_map<std::string, UpstreamPool> pools_;  // of the thread, as is what follows
  Clock::time_point wake_time_ = Clock::time_point::max();
  bool stopping_ = false;

  concurrency::Mutex stop_mutex_;
  std::jthread thread_;
};

Upstream::Upstream(const Limits& limits, TransportLayer layer)
    : implementation_(std::make_unique<Implementation>(limits, std::move(layer))) {}
Upstream::~Upstream() { stop(); }

void Upstream::send(const std::string& target, const ClientRequest& request,
                    std::chrono::milliseconds timeout, Done done) {
  // Before the call is made, which tells `done` even if it is never sent.
  auto address = parse_target(target);
  implementation_->send(
      std::move(address),
      std::make_unique<UpstreamCall>(target, request, Clock::now() + timeout, std::move(done)));
}

void Upstream::stop() { implementation_->stop(); }

}  // namespace stampede::http
