#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>
#include <string_view>

#include "http/client/client.h"

namespace stampede::http {

// What the blocking and the asynchronous client share. For their sources only: heavy headers.

/// The request as it goes over the wire, with Host (`authority`, "127.0.0.1:8083") and
/// Content-Length where they are missing.
std::string serialised(const ClientRequest& request, std::string_view authority);

/// Takes the message apart.
ClientResponse response_of(boost::beast::http::response<boost::beast::http::string_body>&& message);

}  // namespace stampede::http
