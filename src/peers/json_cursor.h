#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/time.h"

namespace stampede::peers {

/// One place in a JSON document of which every member that is asked for has to be just so. The
/// first thing that is wrong is written down, as a sentence with the place, what stands there and
/// what was expected; whatever is read after it is worth nothing. For sources of this room only: a
/// heavy header.
class JsonCursor {
 public:
  /// The whole document. `problem`, empty at first, gets the sentence. Both outlive the cursor, and
  /// so does each cursor those made from it.
  JsonCursor(const boost::json::value& document, std::string& problem)
      : value_(&document), problem_(&problem) {}

  /// An object. Members that are not asked for are ignored.
  bool object() const;
  JsonCursor operator[](std::string_view member) const;
  /// An array of at least so many elements.
  bool tuple(std::size_t size) const;
  JsonCursor at(std::size_t element) const;
  /// Calls `visit` with each element of an array.
  template <class Visit>
  void each(Visit visit) const {
    const std::size_t size = length();
    for (std::size_t i = 0; i < size; ++i) visit(at(i));
  }
  bool missing() const { return value_ == nullptr; }
  bool null() const { return value_ != nullptr && value_->is_null(); }
  bool boolean() const;
  /// A whole number.
  std::int64_t integer(std::int64_t least, std::int64_t most = INT64_MAX) const;
  std::string_view text(std::size_t least, std::size_t most) const;
  /// A text for which `is_one` holds; `expected` says in words what that is.
  std::string_view text(bool (*is_one)(std::string_view), std::string_view expected) const;
  /// Milliseconds since 1970, to the end of the year 9999.
  Instant instant() const;

  /// Notes that something else was expected here.
  void fail(std::string_view expected) const;

 private:
  JsonCursor(const JsonCursor& outer, std::string_view member, std::size_t element,
             const boost::json::value* value)
      : value_(value),
        problem_(outer.problem_),
        outer_(&outer),
        member_(member),
        element_(element) {}

  std::size_t length() const;  // of an array
  std::string place() const;   // "orders[3][2]"

  const boost::json::value* value_;  // null: there is none
  std::string* problem_;
  const JsonCursor* outer_ = nullptr;
  std::string_view member_;  // empty: an element
  std::size_t element_ = 0;
};

}  // namespace stampede::peers
