#include "peers/json_cursor.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

namespace stampede::peers {
namespace {

namespace json = boost::json;

constexpr std::int64_t kLastInstant = 253'402'300'799'999;  // the end of the year 9999, in ms
constexpr std::size_t kLongestQuote = 60;

/// A value as a sentence can hold it.
std::string quoted(const json::value& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return fmt::format("an array of {}", value.get_array().size());
  std::string text = json::serialize(value);
  if (text.size() <= kLongestQuote) return text;
  std::size_t end = kLongestQuote;
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // a whole character
  return text.substr(0, end) + "...";
}

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

}  // namespace

void JsonCursor::fail(std::string_view expected) const {
  if (!problem_->empty()) return;
  *problem_ = fmt::format("{} {}: expected {}", place(),
                          value_ == nullptr ? "is missing" : "is " + quoted(*value_), expected);
}

std::string JsonCursor::place() const {
  if (outer_ == nullptr) return "the message";
  const std::string before = outer_->outer_ == nullptr ? "" : outer_->place();
  if (member_.empty()) return fmt::format("{}[{}]", before, element_);
  return before.empty() ? std::string(member_) : fmt::format("{}.{}", before, member_);
}

bool JsonCursor::object() const {
  const bool is_one = value_ != nullptr && value_->is_object();
  if (!is_one) fail("an object");
  return is_one;
}

JsonCursor JsonCursor::operator[](std::string_view member) const {
  const json::object* object = value_ == nullptr ? nullptr : value_->if_object();
  return {*this, member, 0, object == nullptr ? nullptr : object->if_contains(member)};
}

bool JsonCursor::tuple(std::size_t size) const {
  const json::array* array = value_ == nullptr ? nullptr : value_->if_array();
  if (array != nullptr && array->size() >= size) return true;
  fail(fmt::format("an array of {}", size));
  return false;
}

JsonCursor JsonCursor::at(std::size_t element) const {
  const json::array* array = value_ == nullptr ? nullptr : value_->if_array();
  return {*this, {}, element, array == nullptr ? nullptr : array->if_contains(element)};
}

std::size_t JsonCursor::length() const {
  const json::array* array = value_ == nullptr ? nullptr : value_->if_array();
  if (array == nullptr) fail("an array");
  return array == nullptr ? 0 : array->size();
}

bool JsonCursor::boolean() const {
  const bool* value = value_ == nullptr ? nullptr : value_->if_bool();
  if (value == nullptr) fail("true or false");
  return value != nullptr && *value;
}

std::int64_t JsonCursor::integer(std::int64_t least, std::int64_t most) const {
  const std::int64_t* value = value_ == nullptr ? nullptr : value_->if_int64();
  if (value != nullptr && *value >= least && *value <= most) return *value;
  if (least == most) {
    fail(fmt::format("{}", least));
  } else if (most == INT64_MAX) {
    fail(fmt::format("a whole number from {}", least));
  } else {
    fail(fmt::format("a whole number from {} to {}", least, most));
  }
  return least;
}

std::string_view JsonCursor::text(std::size_t least, std::size_t most) const {
  const json::string* text = value_ == nullptr ? nullptr : value_->if_string();
  if (text != nullptr && text->size() >= least && text->size() <= most) return view(*text);
  fail(fmt::format("a text of {} to {} bytes", least, most));
  return {};
}

std::string_view JsonCursor::text(bool (*is_one)(std::string_view),
                                  std::string_view expected) const {
  const json::string* text = value_ == nullptr ? nullptr : value_->if_string();
  if (text != nullptr && is_one(view(*text))) return view(*text);
  fail(expected);
  return {};
}

Instant JsonCursor::instant() const {
  return Instant{std::chrono::milliseconds{integer(0, kLastInstant)}};
}

}  // namespace stampede::peers
