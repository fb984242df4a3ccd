#pragma once

#include <boost/json/fwd.hpp>

#include "http/message.h"

namespace stampede::controllers {

/// application/json. `<` is written as \u003c, so that no reader can take the text for a page.
http::Response json_response(int status, const boost::json::object& object);

}  // namespace stampede::controllers
