#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "peers/descriptions.h"
#include "peers/json.h"

namespace stampede::peers {
namespace {

namespace json = boost::json;

json::value value_of(const auto& value, json::memory_resource& memory);

/// Follows a description and makes an object, or an array of a row.
struct ObjectWriter {
  json::memory_resource& memory;
  json::object object = json::object(&memory);

  void operator()(std::string_view name, const auto& value, const auto&...) {
    object[name] = value_of(value, memory);
  }
  void later(std::string_view name, const auto& value, const auto&...) { (*this)(name, value); }
  void unread(std::string_view name) { object[name] = json::array(&memory); }
  void unread_number(std::string_view name) { object[name] = 0; }
};
struct RowWriter {
  json::memory_resource& memory;
  json::array row = json::array(&memory);

  void operator()(const auto& value, const auto&...) { row.emplace_back(value_of(value, memory)); }
  void later(const auto& value, const auto&...) { (*this)(value); }
};

// Values of each kind.

std::int64_t plain(std::integral auto number) { return number; }
bool plain(bool yes) { return yes; }
json::string_view plain(std::string_view text) { return text; }
json::string_view plain(const IdempotencyKey& key) { return key.text(); }
std::int64_t plain(Instant instant) { return instant.time_since_epoch().count(); }
std::int64_t plain(std::chrono::seconds seconds) { return seconds.count(); }
template <class Tag>
std::int64_t plain(Id<Tag> id) {
  return id.value;
}
template <class Enum>
requires std::is_enum_v<Enum> json::string_view plain(Enum word) { return to_string(word); }

json::value value_of_many(const auto& items, json::memory_resource& memory) {
  json::array array(&memory);
  array.reserve(items.size());
  for (const auto& item : items) array.emplace_back(value_of(item, memory));
  return array;
}
template <class Value>
constexpr bool kList = false;
template <class Item>
constexpr bool kList<std::vector<Item>> = true;
template <class Item, std::size_t size>
constexpr bool kList<std::array<Item, size>> = true;
template <class Value>
constexpr bool kMaybe = false;
template <class Value>
constexpr bool kMaybe<std::optional<Value>> = true;

json::value value_of(const auto& value, json::memory_resource& memory) {
  using Value = std::remove_cvref_t<decltype(value)>;
  if constexpr (kMaybe<Value>) {
    return value ? value_of(*value, memory) : json::value(nullptr, &memory);
  } else if constexpr (kList<Value>) {
    return value_of_many(value, memory);
  } else if constexpr (requires(ObjectWriter io) { describe(io, value); }) {
    ObjectWriter io{memory};
    describe(io, value);
    return std::move(io.object);
  } else if constexpr (requires(RowWriter io) { describe_row(io, value); }) {
    RowWriter io{memory};
    describe_row(io, value);
    return std::move(io.row);
  } else {
    return json::value(plain(value), &memory);
  }
}

std::string write(const auto& message) {
  json::monotonic_resource memory;
  ObjectWriter io{memory};
  io("protocol", kProtocol);
  describe(io, message);
  return json::serialize(io.object);
}

}  // namespace

std::string to_json(const Heartbeat& heartbeat) { return write(heartbeat); }
std::string to_json(const HeartbeatReply& reply) { return write(reply); }
std::string to_json(const LeaseAsk& ask) { return write(ask); }
std::string to_json(const LeaseReply& reply) { return write(reply); }
std::string to_json(const ClusterReport& report) { return write(report); }

}  // namespace stampede::peers
