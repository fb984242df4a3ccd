#pragma once

#include <string>
#include <string_view>

namespace stampede::app {

/// In the gzip format (RFC 1952), as small as it gets. The same bytes give the same result: it
/// holds no name and no time.
std::string gzip(std::string_view bytes);

}  // namespace stampede::app
