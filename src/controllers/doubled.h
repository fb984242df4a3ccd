#pragma once

#include "http/server/handlers/router.h"

namespace stampede::controllers {

/// Has the router refuse requests in which one of our cookies, or a header that a handler goes by,
/// comes twice.
void refuse_doubled_of_shop(http::Router& router);
void refuse_doubled_of_console(http::Router& router);

}  // namespace stampede::controllers
