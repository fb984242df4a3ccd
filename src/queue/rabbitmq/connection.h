#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>

#include "queue/outbox.h"
#include "queue/rabbitmq/options.h"

struct amqp_connection_state_t_;
struct amqp_frame_t_;
struct amqp_method_t_;

namespace stampede::queue::rabbitmq {

/// What a broker says unasked.
struct Acked {
  DeliveryTag tag;
  bool multiple;
};
struct Nacked {
  DeliveryTag tag;
  bool multiple;
};
struct Returned {
  DeliveryTag tag;  // as publish() was given it; 0 if the broker did not send it back
  std::string reason;
};
struct Blocked {
  std::string reason;
};
struct Unblocked {};
struct Delivered {
  std::uint64_t tag;
  bool redelivered;
  std::string body;  // cut after 64 KiB, which no message of ours has
};
using Event = std::variant<Acked, Nacked, Returned, Blocked, Unblocked, Delivered>;

/// What a durable queue is to be declared with.
struct QueueArguments {
  std::int64_t max_length = 0;      // 0: none; beyond it publishes are refused (reject-publish)
  std::string dead_letters;         // the queue for them; empty: none
  std::int64_t delivery_limit = 0;  // deliveries before it is a dead letter; 0: none
  bool single_consumer = false;
};

/// One connection with one channel. Every method may throw BrokerError; then the connection is of
/// no more use. For one thread. Nothing waits for longer than a connect timeout, or a publish
/// for longer than two heartbeats.
class Connection {
 public:
  /// Connects and logs in. `purpose` is what the broker's operator sees. Once a stop is requested,
  /// no answer is waited for, until set_up().
  Connection(const Options& options, const std::string& broker, const std::string& purpose,
             std::stop_token stop = {});
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const std::string& broker() const { return broker_; }

  /// From now on whoever uses it looks for a stop between two requests, and takes its leave.
  void set_up() { cut_.reset(); }

  /// Declares a durable quorum queue, or verifies that it is there with these arguments.
  void declare(const std::string& queue, const QueueArguments& arguments);
  /// How many messages wait in a queue; those delivered and not acknowledged are not counted.
  std::uint64_t depth(const std::string& queue);

  /// From now on each publish is confirmed.
  void select_confirms();
  /// False: the broker does not read, and publish() might wait for it. wait() then ends when it
  /// reads again.
  bool writable();
  /// Persistent and mandatory, by the default exchange.
  void publish(const std::string& queue, std::string_view body, DeliveryTag tag);

  void consume(const std::string& queue, std::uint16_t prefetch);
  /// This delivery and all before it.
  void acknowledge(std::uint64_t delivery_tag);

  /// The next thing the broker said, if anything; does not wait. Keeps heartbeats going, so it is
  /// to be called several times per heartbeat.
  std::optional<Event> poll();
  /// Waits until poll() may have something, `wake` (a file) is readable, or the time is over.
  void wait(int wake, std::chrono::milliseconds most);

 private:
  struct Closer {
    void operator()(amqp_connection_state_t_* state) const;
  };

  void login(const Options& options, const std::string& purpose);
  std::optional<Event> read(const amqp_frame_t_& frame);
  std::optional<Event> read_method(const amqp_frame_t_& frame);
  std::optional<Event> complete();
  /// Throws unless the last request, `what`, was answered as it should be.
  void check_reply(const std::string& what);
  void check_status(int status, const std::string& what);
  [[noreturn]] void refuse(const amqp_method_t_& reply, const std::string& what);

  std::string broker_;
  bool usable_ = false;  // worth a farewell
  bool jammed_ = false;  // what writable() said
  std::unique_ptr<amqp_connection_state_t_, Closer> state_;
  std::optional<Event> pending_;  // whose content is on its way
  std::uint64_t content_left_ = 0;
  /// Shuts the socket. Goes before the socket does, which may be another's then.
  std::optional<std::stop_callback<std::function<void()>>> cut_;
};

/// Finds a broker of the list that answers: the one that did before, then the others in turn.
class Dialer {
 public:
  Dialer(const Options& options, std::string purpose);
  /// Throws the error that says most if no broker takes the connection, or a stop is requested.
  std::unique_ptr<Connection> connect(const std::stop_token& stop = {});
  /// The last connection was no good: begins with the next broker.
  void skip() { ++first_; }

 private:
  const Options* options_;
  const std::string purpose_;
  std::size_t first_ = 0;
};

}  // namespace stampede::queue::rabbitmq
