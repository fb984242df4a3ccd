#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>

#include "peers/descriptions.h"
#include "peers/json.h"
#include "peers/json_cursor.h"

namespace stampede::peers {
namespace {

namespace json = boost::json;

// A value of each kind; what follows it says which are good, as in the description.

void read(const JsonCursor& in, bool& yes) { yes = in.boolean(); }
void read(const JsonCursor& in, std::integral auto& number, const Whole& good) {
  number = static_cast<std::remove_cvref_t<decltype(number)>>(in.integer(good.least, good.most));
}
template <class Tag>
void read(const JsonCursor& in, Id<Tag>& id, const Whole& good = {1}) {
  id = Id<Tag>{in.integer(good.least, good.most)};
}
void read(const JsonCursor& in, Instant& instant) { instant = in.instant(); }
void read(const JsonCursor& in, std::chrono::seconds& seconds, const Whole& good) {
  seconds = std::chrono::seconds{in.integer(good.least, good.most)};
}
void read(const JsonCursor& in, std::string& text, const Bytes& good) {
  text = in.text(good.least, good.most);
}
void read(const JsonCursor& in, std::string& text, const Format& good) {
  text = in.text(good.is_one, good.expected);
}
void read(const JsonCursor& in, IdempotencyKey& key) {
  const auto parsed = IdempotencyKey::parse(in.text(0, Bytes{0}.most));
  if (!parsed) return in.fail("16 to 64 characters of A-Z a-z 0-9 - _");
  key = *parsed;
}
template <class Enum, std::size_t size>
void read(const JsonCursor& in, Enum& value, const OneOf<Enum, size>& good) {
  const auto found = from_word(in.text(0, Bytes{0}.most), good.values);
  if (!found) return in.fail(good.expected);
  value = *found;
}
template <class Value>
void read(const JsonCursor& in, std::optional<Value>& maybe, const auto&... good);
template <class Item>
void read(const JsonCursor& in, std::vector<Item>& items, const auto&... good);
template <class Item, std::size_t size>
void read(const JsonCursor& in, std::array<Item, size>& items, const auto&... good);

struct ObjectReader;
struct RowReader;
template <class Message>
concept Object = requires(ObjectReader& io, Message& message) {
  describe(io, message);
};
template <class Message>
concept Row = requires(RowReader& io, Message& row) {
  describe_row(io, row);
};
void read(const JsonCursor& in, Object auto& message);
void read(const JsonCursor& in, Row auto& row);

/// Follows a description and reads an object, or an array into a row.
struct ObjectReader {
  const JsonCursor& in;

  void operator()(std::string_view name, auto& value, const auto&... good) {
    read(in[name], value, good...);
  }
  void later(std::string_view name, auto& value, const auto&... good) {
    if (!in[name].missing()) read(in[name], value, good...);
  }
  void unread(std::string_view) {}
  void unread_number(std::string_view) {}
};
struct RowReader {
  const JsonCursor& in;
  std::size_t next = 0;

  void operator()(auto& value, const auto&... good) { read(in.at(next++), value, good...); }
  void later(auto& value, const auto&... good) {
    const JsonCursor element = in.at(next++);
    if (!element.missing()) read(element, value, good...);
  }
};
/// Of those that every release sends.
struct ElementCounter {
  std::size_t count = 0;

  void operator()(const auto&...) { ++count; }
  void later(const auto&...) {}
};

// What one member alone cannot say.

void check(const JsonCursor&, auto&) {}
void check(const JsonCursor& in, Order& order) {
  constexpr std::size_t kSlot = 4;
  order.status = order.pay_by ? OrderStatus::kHeld : OrderStatus::kSuccess;
  if (order.reason == FailureReason::kCancelled) {
    order.status = OrderStatus::kCancelled;
  } else if (order.reason == FailureReason::kExpired) {
    order.status = OrderStatus::kExpired;
  } else if (order.reason != FailureReason::kNone) {
    order.status = OrderStatus::kFailed;
  }
  const bool failed = order.status == OrderStatus::kFailed;
  if (failed && order.slot) in.at(kSlot).fail("null, because the order failed");
  if (!failed && !order.slot) in.at(kSlot).fail("a whole number from 1 to 1000000");
}
void check(const JsonCursor& in, LeaseReply& reply) {
  if (reply.lease.has_value() == (reply.refusal != LeaseReply::Refusal::kNone)) {
    in["refusal"].fail("a lease or a reason why there is none, and not both");
  }
}

void read(const JsonCursor& in, Object auto& message) {
  if (!in.object()) return;
  ObjectReader io{in};
  describe(io, message);
  check(in, message);
}

void read(const JsonCursor& in, Row auto& row) {
  ElementCounter elements;
  describe_row(elements, row);
  if (!in.tuple(elements.count)) return;
  RowReader io{in};
  describe_row(io, row);
  check(in, row);
}

/// To be read into.
template <class Value>
Value blank() {
  return {};
}
template <>
Order blank() {
  static const auto key = IdempotencyKey::parse("0000000000000000").value();
  return {.intent = key};
}

template <class Value>
void read(const JsonCursor& in, std::optional<Value>& maybe, const auto&... good) {
  if (!in.null()) read(in, maybe.emplace(blank<Value>()), good...);
}
template <class Item>
void read(const JsonCursor& in, std::vector<Item>& items, const auto&... good) {
  in.each([&](const JsonCursor& element) {
    read(element, items.emplace_back(blank<Item>()), good...);
  });
}

template <class Item, std::size_t size>
void read(const JsonCursor& in, std::array<Item, size>& items, const auto&... good) {
  if (!in.tuple(size)) return;
  for (std::size_t i = 0; i < size; ++i) read(in.at(i), items[i], good...);
}

/// The protocol is looked at before anything else: another one may name everything anew.
template <class Message>
std::expected<Message, std::string> parse(std::string_view text) {
  json::monotonic_resource memory;
  json::error_code error;
  const json::value document = json::parse(text, error, &memory);
  if (error) return std::unexpected("the message is no JSON: " + error.message());
  std::string problem;
  const JsonCursor in(document, problem);
  if (!document.is_object()) in.fail("an object");
  in["protocol"].integer(kProtocol, kProtocol);
  Message message;
  if (problem.empty()) read(in, message);
  if (!problem.empty()) return std::unexpected(problem);
  return message;
}

}  // namespace

std::expected<Heartbeat, std::string> parse_heartbeat(std::string_view text) {
  return parse<Heartbeat>(text);
}
std::expected<HeartbeatReply, std::string> parse_heartbeat_reply(std::string_view text) {
  return parse<HeartbeatReply>(text);
}
std::expected<LeaseAsk, std::string> parse_lease_ask(std::string_view text) {
  return parse<LeaseAsk>(text);
}
std::expected<LeaseReply, std::string> parse_lease_reply(std::string_view text) {
  return parse<LeaseReply>(text);
}
std::expected<ClusterReport, std::string> parse_cluster_report(std::string_view text) {
  return parse<ClusterReport>(text);
}

}  // namespace stampede::peers
