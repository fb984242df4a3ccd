#include "controllers/json_response.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <string>
#include <utility>

namespace stampede::controllers {

http::Response json_response(int status, const boost::json::object& object) {
  const std::string serialized = boost::json::serialize(object);
  std::string safe;
  safe.reserve(serialized.size());
  for (const char c : serialized) {
    // Outside of strings JSON has no '<', and inside them the escape means the same.
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return http::json(status, std::move(safe));
}

void put_time(boost::json::object& object, Instant now) {
  object["now"] = format_rfc3339(now);
  object["epoch_ms"] = now.time_since_epoch().count();
}

}  // namespace stampede::controllers
