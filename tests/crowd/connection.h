#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "tests/crowd/crowd.h"

namespace stampede::crowd {

/// One keep-alive connection: takes the next buyer of the crowd, asks for it, and so on until every
/// buyer has an answer or `give_up` has come. Connects again whenever the server went away. `crowd`
/// must outlive it.
boost::asio::awaitable<void> serve_buyers(Crowd& crowd, boost::asio::ip::tcp::endpoint server,
                                          Clock::time_point give_up);

}  // namespace stampede::crowd
