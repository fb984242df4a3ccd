#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "model/node_name.h"
#include "net/host_port.h"

namespace stampede::peers {

// Texts of a message that must be of a certain form.

template <std::size_t size>
bool is_hexadecimal(std::string_view text) {
  return text.size() == size && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// Whom http::Upstream can ask.
inline bool is_address(std::string_view text) {
  const auto address = net::HostPort::parse(text);
  return address && address->port != 0 && text.size() <= 300;
}

/// Member::holder().
inline bool is_holder(std::string_view text) {
  const auto slash = text.find('/');
  return slash != std::string_view::npos && is_node_name(text.substr(0, slash)) &&
         is_hexadecimal<16>(text.substr(slash + 1));
}

}  // namespace stampede::peers
