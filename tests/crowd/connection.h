#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "tests/crowd/crowd.h"

namespace stampede::crowd {

using Endpoint = boost::asio::ip::tcp::endpoint;

/// Where buyers go.
struct Servers {
  std::vector<Endpoint> check;           // any of them takes any buyer's purchase
  std::optional<Endpoint> web;           // where pending purchases are followed; none: the same
  std::chrono::milliseconds patience{};  // for one answer; then it counts as lost
};

/// One keep-alive connection: takes the next buyer of the crowd, asks for it, and so on until every
/// buyer has an answer or `give_up` has come. It keeps to one server, at first the one of that
/// `number`, and turns to the next when that one does not answer. `crowd` must outlive it.
boost::asio::awaitable<void> serve_buyers(Crowd& crowd, Servers servers, std::size_t number,
                                          Clock::time_point give_up);

}  // namespace stampede::crowd
