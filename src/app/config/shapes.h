#pragma once

#include <string_view>

// What texts of the configuration must look like; keys.cc has the words for each.
namespace stampede::app {

bool is_address(std::string_view text);   // of IPv4 or IPv6, without a port
bool is_proxy(std::string_view text);     // an address, or a network (net/address_range.h)
bool is_endpoint(std::string_view text);  // to listen on: "127.0.0.1:8082", "[::1]:8082"
bool is_peer(std::string_view text);  // to connect to: like the above, or a host name; no port 0
bool is_database(std::string_view text);  // a peer, or the path of a socket
bool is_origin(std::string_view text);    // as browsers send `Origin` (RFC 6454)
/// https, a host in small letters, perhaps a port, and a path; no query, no blank, no quote.
bool is_https_url(std::string_view text);
bool is_challenge_provider(std::string_view text);  // of captcha/external/provider.h
bool is_site_key(std::string_view text);
bool is_own_captchas_rule(std::string_view text);  // "away" or "always"
/// "https://host[:port][/path][?query]"; http to this machine alone.
bool is_checkout_address(std::string_view text);
bool is_path(std::string_view text);
bool is_node(std::string_view text);  // a validator's name
bool is_name(std::string_view text);  // of queues and databases
bool is_account(std::string_view text);
bool is_totp_rule(std::string_view text);               // "required" or "optional"
bool is_private_addresses_rule(std::string_view text);  // "refused" or "allowed"
bool is_password(std::string_view text);

/// `valid`, or empty.
template <bool (*valid)(std::string_view)>
bool is_empty_or(std::string_view text) {
  return text.empty() || valid(text);
}

/// Of an endpoint, a peer or a database: reached without leaving this machine.
bool is_loopback(std::string_view endpoint);
/// Of an endpoint: "0.0.0.0" or "::", where one can listen but not be reached.
bool is_any_address(std::string_view endpoint);

}  // namespace stampede::app
