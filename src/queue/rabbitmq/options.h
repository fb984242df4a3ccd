#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "queue/outbox.h"

namespace stampede::queue::rabbitmq {

/// Where the brokers are and what the sale's queues are called there.
struct Options {
  std::vector<std::string> brokers{"127.0.0.1:5672"};  // "host:port" or "[address]:port", 1 or more
  std::string user = "guest";
  std::string password = "guest";
  std::string vhost = "/";
  std::string name = "stampede";      // the queues are NAME.orders.0 to 3, dead letters NAME.dead
  std::int64_t max_length = 100'000;  // messages of one shard, about; beyond it refuses
  /// For each step of connecting, and each request. Short, because a role that ends may wait for
  /// one of them (kLongestStop in app/process/role.h).
  std::chrono::milliseconds connect_timeout{1'500};
  std::chrono::seconds heartbeat{2};  // a link is cut when silent for two of them
  std::chrono::milliseconds confirm_timeout = kConfirmTimeout;
  Outbox::Options outbox;
};

/// What went wrong with a broker, in words for its operator.
class BrokerError : public std::runtime_error {
 public:
  enum class Kind {
    kUnreachable,   // nobody answers there, or the connection was lost: worth another try
    kCredentials,   // the broker refuses this user and password
    kVhost,         // it has no such virtual host, or not for this user
    kTopology,      // a queue exists with other arguments than a sale needs
    kMisconfigured  // no address of a broker
  };

  BrokerError(Kind error_kind, const std::string& message)
      : std::runtime_error(message), kind_(error_kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

}  // namespace stampede::queue::rabbitmq
