#pragma once

#include <boost/json/fwd.hpp>

#include "http/message.h"
#include "model/time.h"

namespace stampede::controllers {

/// application/json. `<` is written as \u003c, so that no reader can take the text for a page.
http::Response json_response(int status, const boost::json::object& object);

/// The server's clock, as a page reads it: the members `now` (RFC 3339) and `epoch_ms`
/// (milliseconds since 1970).
void put_time(boost::json::object& object, Instant now);

}  // namespace stampede::controllers
