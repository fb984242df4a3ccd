#include "http/client/upstream_pool.h"

#include <algorithm>

namespace stampede::http {

void UpstreamPool::submit(std::unique_ptr<UpstreamCall> call) {
  if (!idle_.empty()) {
    UpstreamConnection* const connection = idle_.back();
    idle_.pop_back();
    connection->go_on(std::move(call));
  } else if (connections_.size() < limits_.connections) {
    open(std::move(call));
  } else if (waiting_.size() < limits_.waiting) {
    waiting_.push_back(std::move(call));
  } else {
    call->fail("ask", "too many requests wait for it already");
  }
}

void UpstreamPool::open(std::unique_ptr<UpstreamCall> call) {
  connections_.emplace_back(*this).start(std::move(call));
}

std::unique_ptr<UpstreamCall> UpstreamPool::next() {
  if (waiting_.empty()) {
    return nullptr;
  }
  auto call = std::move(waiting_.front());
  waiting_.pop_front();
  return call;
}

void UpstreamPool::ended(UpstreamConnection& connection) {
  remove_idle(connection);
  connections_.remove_if([&](const UpstreamConnection& other) { return &other == &connection; });
  if (auto call = next()) {
    open(std::move(call));
  }
}

Clock::time_point UpstreamPool::expire(Clock::time_point now) {
  auto earliest = Clock::time_point::max();
  for (UpstreamConnection& connection : connections_) {
    if (connection.deadline() <= now) {
      connection.close("no answer in time");
    } else {
      earliest = std::min(earliest, connection.deadline());
    }
  }
  std::erase_if(waiting_, [&](const std::unique_ptr<UpstreamCall>& call) {
    if (call->deadline() > now) {
      earliest = std::min(earliest, call->deadline());
      return false;
    }
    call->fail("ask", "no connection was free in time");
    return true;
  });
  return earliest;
}

void UpstreamPool::stop() {
  waiting_.clear();  // each fails
  for (UpstreamConnection& connection : connections_) {
    connection.close("this client has stopped");
  }
}

}  // namespace stampede::http
