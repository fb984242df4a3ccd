#include "queue/rabbitmq/connection.h"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "net/host_port.h"

namespace stampede::queue::rabbitmq {
namespace {

using Kind = BrokerError::Kind;

constexpr amqp_channel_t kChannel = 1;
constexpr int kSendBuffer = 131'072;
/// So long a broker may take to answer a farewell.
constexpr std::chrono::milliseconds kFarewell{500};
constexpr std::size_t kMostContent = 65'536;

amqp_bytes_t bytes(std::string_view text) {
  return {.len = text.size(), .bytes = const_cast<char*>(text.data())};
}

std::string text(amqp_bytes_t value) { return {static_cast<const char*>(value.bytes), value.len}; }

timeval to_timeval(std::chrono::milliseconds time) {
  return {.tv_sec = time.count() / 1'000, .tv_usec = time.count() % 1'000 * 1'000};
}

amqp_table_entry_t entry(const char* key, std::string_view value) {
  return {.key = amqp_cstring_bytes(key),
          .value = {.kind = AMQP_FIELD_KIND_UTF8, .value = {.bytes = bytes(value)}}};
}
amqp_table_entry_t entry(const char* key, std::int64_t value) {
  return {.key = amqp_cstring_bytes(key),
          .value = {.kind = AMQP_FIELD_KIND_I64, .value = {.i64 = value}}};
}
amqp_table_entry_t entry(const char* key, bool value) {
  return {.key = amqp_cstring_bytes(key),
          .value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value = {.boolean = value}}};
}

/// A list of entries that does not move: those of a declaration, which are at most ten.
struct Table {
  std::array<amqp_table_entry_t, 10> entries{};
  amqp_table_t table{.num_entries = 0, .entries = entries.data()};

  template <class Value>
  void add(const char* key, Value value) {
    entries[static_cast<std::size_t>(table.num_entries++)] = entry(key, value);
  }
};

net::HostPort parse(const std::string& broker) {
  auto address = net::HostPort::parse(broker);
  if (!address || address->port == 0) {
    throw BrokerError(Kind::kMisconfigured,
                      "the broker \"" + broker + "\" is no address: expected host:port");
  }
  return *std::move(address);
}

}  // namespace

void Connection::Closer::operator()(amqp_connection_state_t state) const {
  amqp_destroy_connection(state);  // closes its socket too; there is nothing to do about a failure
}

Connection::Connection(const Options& options, const std::string& broker,
                       const std::string& purpose, std::stop_token stop)
    : broker_(broker), state_(amqp_new_connection()) {
  const net::HostPort address = parse(broker);
  amqp_socket_t* socket = state_ ? amqp_tcp_socket_new(state_.get()) : nullptr;
  if (socket == nullptr) throw std::bad_alloc();
  const timeval timeout = to_timeval(options.connect_timeout);
  check_status(amqp_socket_open_noblock(socket, address.host.c_str(), address.port, &timeout),
               "connecting");
  cut_.emplace(std::move(stop),
               [file = amqp_socket_get_sockfd(socket)] { ::shutdown(file, SHUT_RDWR); });
  // A third of it is free when the socket is said to be writable: room for a whole message.
  const int room = kSendBuffer;
  setsockopt(amqp_socket_get_sockfd(socket), SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  amqp_set_handshake_timeout(state_.get(), &timeout);
  amqp_set_rpc_timeout(state_.get(), &timeout);
  login(options, purpose);
  amqp_channel_open(state_.get(), kChannel);
  check_reply("opening a channel");
  usable_ = true;
}

Connection::~Connection() {
  // What it answers no longer matters.
  const timeval timeout = to_timeval(kFarewell);
  amqp_set_rpc_timeout(state_.get(), &timeout);
  if (usable_) amqp_connection_close(state_.get(), AMQP_REPLY_SUCCESS);
}

void Connection::login(const Options& options, const std::string& purpose) {
  Table capabilities;
  for (const char* name : {"publisher_confirms", "basic.nack", "connection.blocked",
                           "consumer_cancel_notify", "authentication_failure_close"}) {
    capabilities.add(name, true);
  }
  Table properties;
  properties.add("product", std::string_view("stampede"));
  properties.add("connection_name", std::string_view(purpose));
  properties.entries[static_cast<std::size_t>(properties.table.num_entries++)] = {
      .key = amqp_cstring_bytes("capabilities"),
      .value = {.kind = AMQP_FIELD_KIND_TABLE, .value = {.table = capabilities.table}}};
  const auto reply = amqp_login_with_properties(
      state_.get(), options.vhost.c_str(), AMQP_DEFAULT_MAX_CHANNELS, AMQP_DEFAULT_FRAME_SIZE,
      static_cast<int>(options.heartbeat.count()), &properties.table, AMQP_SASL_METHOD_PLAIN,
      options.user.c_str(), options.password.c_str());
  const std::string what =
      "user \"" + options.user + "\" at virtual host \"" + options.vhost + "\"";
  if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION) refuse(reply.reply, what);
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) check_status(reply.library_error, what);
}

void Connection::check_status(int status, const std::string& what) {
  if (status == AMQP_STATUS_OK) return;
  usable_ = false;
  throw BrokerError(Kind::kUnreachable,
                    "broker " + broker_ + ": " + what + ": " + amqp_error_string2(status));
}

void Connection::check_reply(const std::string& what) {
  const auto reply = amqp_get_rpc_reply(state_.get());
  if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION) refuse(reply.reply, what);
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) check_status(reply.library_error, what);
}

void Connection::refuse(const amqp_method_t& reply, const std::string& what) {
  usable_ = false;
  int code = 0;
  std::string reason = "it closed the connection";
  if (reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
    const auto* close = static_cast<const amqp_connection_close_t*>(reply.decoded);
    code = close->reply_code;
    reason = text(close->reply_text);
  } else if (reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
    const auto* close = static_cast<const amqp_channel_close_t*>(reply.decoded);
    code = close->reply_code;
    reason = text(close->reply_text);
  }
  Kind kind = Kind::kUnreachable;
  if (code == AMQP_ACCESS_REFUSED) kind = Kind::kCredentials;
  if (code == AMQP_NOT_ALLOWED) kind = Kind::kVhost;
  if (code == AMQP_PRECONDITION_FAILED) kind = Kind::kTopology;
  throw BrokerError(kind, "broker " + broker_ + " refuses " + what + ": " + reason);
}

void Connection::declare(const std::string& queue, const QueueArguments& arguments) {
  Table table;
  table.add("x-queue-type", std::string_view("quorum"));
  if (arguments.single_consumer) table.add("x-single-active-consumer", true);
  if (arguments.max_length > 0) {
    table.add("x-max-length", arguments.max_length);
    table.add("x-overflow", std::string_view("reject-publish"));
  }
  if (!arguments.dead_letters.empty()) {
    table.add("x-dead-letter-exchange", std::string_view(""));
    table.add("x-dead-letter-routing-key", std::string_view(arguments.dead_letters));
    table.add("x-dead-letter-strategy", std::string_view("at-least-once"));
  }
  if (arguments.delivery_limit > 0) table.add("x-delivery-limit", arguments.delivery_limit);
  amqp_queue_declare(state_.get(), kChannel, bytes(queue), /*passive=*/0, /*durable=*/1,
                     /*exclusive=*/0, /*auto_delete=*/0, table.table);
  check_reply("the queue " + queue + " as a sale needs it");
}

std::uint64_t Connection::depth(const std::string& queue) {
  const auto* declared = amqp_queue_declare(state_.get(), kChannel, bytes(queue), /*passive=*/1, 0,
                                            0, 0, amqp_empty_table);
  check_reply("the depth of the queue " + queue);
  return declared->message_count;
}

void Connection::select_confirms() {
  amqp_confirm_select(state_.get(), kChannel);
  check_reply("confirming publishes");
}

bool Connection::writable() {
  pollfd file{.fd = amqp_get_sockfd(state_.get()), .events = POLLOUT, .revents = 0};
  jammed_ = ::poll(&file, 1, 0) == 0;
  return !jammed_;
}

void Connection::publish(const std::string& queue, std::string_view body, DeliveryTag tag) {
  const std::string id = std::to_string(tag);
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG;
  properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
  properties.message_id = bytes(id);
  check_status(amqp_basic_publish(state_.get(), kChannel, amqp_empty_bytes, bytes(queue),
                                  /*mandatory=*/1, /*immediate=*/0, &properties, bytes(body)),
               "publishing");
}

void Connection::consume(const std::string& queue, std::uint16_t prefetch) {
  amqp_basic_qos(state_.get(), kChannel, 0, prefetch, /*global=*/0);
  check_reply("a prefetch of " + std::to_string(prefetch));
  amqp_basic_consume(state_.get(), kChannel, bytes(queue), amqp_empty_bytes, /*no_local=*/0,
                     /*no_ack=*/0, /*exclusive=*/0, amqp_empty_table);
  check_reply("consuming " + queue);
}

void Connection::acknowledge(std::uint64_t delivery_tag) {
  check_status(amqp_basic_ack(state_.get(), kChannel, delivery_tag, /*multiple=*/1),
               "acknowledging");
}

std::optional<Event> Connection::poll() {
  for (;;) {
    amqp_frame_t frame;
    const timeval none{};
    const int status = amqp_simple_wait_frame_noblock(state_.get(), &frame, &none);
    if (status == AMQP_STATUS_TIMEOUT) {
      amqp_maybe_release_buffers(state_.get());
      return std::nullopt;
    }
    check_status(status, "listening");
    if (auto event = read(frame)) return event;
  }
}

std::optional<Event> Connection::read(const amqp_frame_t& frame) {
  if (frame.frame_type == AMQP_FRAME_METHOD) return read_method(frame);
  if (!pending_) return std::nullopt;
  if (frame.frame_type == AMQP_FRAME_HEADER) {
    content_left_ = frame.payload.properties.body_size;
    const auto* properties =
        static_cast<const amqp_basic_properties_t*>(frame.payload.properties.decoded);
    if (auto* returned = std::get_if<Returned>(&*pending_);
        returned != nullptr && (properties->_flags & AMQP_BASIC_MESSAGE_ID_FLAG) != 0) {
      const std::string id = text(properties->message_id);
      std::from_chars(id.data(), id.data() + id.size(), returned->tag);
    }
  } else if (frame.frame_type == AMQP_FRAME_BODY) {
    const amqp_bytes_t piece = frame.payload.body_fragment;
    content_left_ -= std::min<std::uint64_t>(piece.len, content_left_);
    if (auto* delivered = std::get_if<Delivered>(&*pending_)) {
      const std::size_t room = kMostContent - std::min(delivered->body.size(), kMostContent);
      delivered->body.append(static_cast<const char*>(piece.bytes), std::min(piece.len, room));
    }
  }
  if (content_left_ > 0) return std::nullopt;
  return std::exchange(pending_, std::nullopt);
}

std::optional<Event> Connection::read_method(const amqp_frame_t& frame) {
  const amqp_method_t& method = frame.payload.method;
  switch (method.id) {
    case AMQP_BASIC_ACK_METHOD: {
      const auto* ack = static_cast<const amqp_basic_ack_t*>(method.decoded);
      return Acked{.tag = ack->delivery_tag, .multiple = ack->multiple != 0};
    }
    case AMQP_BASIC_NACK_METHOD: {
      const auto* nack = static_cast<const amqp_basic_nack_t*>(method.decoded);
      return Nacked{.tag = nack->delivery_tag, .multiple = nack->multiple != 0};
    }
    case AMQP_BASIC_RETURN_METHOD:
      pending_ = Returned{
          .tag = 0,
          .reason = text(static_cast<const amqp_basic_return_t*>(method.decoded)->reply_text)};
      return std::nullopt;
    case AMQP_BASIC_DELIVER_METHOD: {
      const auto* deliver = static_cast<const amqp_basic_deliver_t*>(method.decoded);
      pending_ = Delivered{
          .tag = deliver->delivery_tag, .redelivered = deliver->redelivered != 0, .body = {}};
      return std::nullopt;
    }
    case AMQP_CONNECTION_BLOCKED_METHOD:
      return Blocked{text(static_cast<const amqp_connection_blocked_t*>(method.decoded)->reason)};
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      return Unblocked{};
    case AMQP_CONNECTION_CLOSE_METHOD:
    case AMQP_CHANNEL_CLOSE_METHOD:
      refuse(method, "to go on");
    case AMQP_BASIC_CANCEL_METHOD:
      usable_ = false;
      throw BrokerError(Kind::kUnreachable, "broker " + broker_ + ": the queue went away");
    default:
      return std::nullopt;  // nothing else is of use to us
  }
}

void Connection::wait(int wake, std::chrono::milliseconds most) {
  if (amqp_frames_enqueued(state_.get()) || amqp_data_in_buffer(state_.get())) return;
  std::array<pollfd, 2> files{
      pollfd{.fd = amqp_get_sockfd(state_.get()),
             .events = static_cast<short>(jammed_ ? POLLIN | POLLOUT : POLLIN),
             .revents = 0},
      pollfd{.fd = wake, .events = POLLIN, .revents = 0}};
  ::poll(files.data(), files.size(), static_cast<int>(most.count()));
}

Dialer::Dialer(const Options& options, std::string purpose)
    : options_(&options), purpose_(std::move(purpose)) {
  if (options.brokers.empty()) {
    throw BrokerError(Kind::kMisconfigured, "no broker is named: expected host:port");
  }
}

std::unique_ptr<Connection> Dialer::connect(const std::stop_token& stop) {
  std::optional<BrokerError> problem;
  for (std::size_t i = 0; i < options_->brokers.size(); ++i) {
    if (stop.stop_requested()) throw BrokerError(Kind::kUnreachable, "no broker is asked any more");
    const std::size_t index = (first_ + i) % options_->brokers.size();
    try {
      auto connection =
          std::make_unique<Connection>(*options_, options_->brokers[index], purpose_, stop);
      first_ = index;
      return connection;
    } catch (const BrokerError& error) {
      // Of a broker that answers, the operator wants to know more than of one that does not.
      if (!problem || problem->kind() == Kind::kUnreachable) problem = error;
    }
  }
  throw *problem;
}

}  // namespace stampede::queue::rabbitmq
