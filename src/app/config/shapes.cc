#include "app/config/shapes.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include "model/node_name.h"
#include "net/address_range.h"
#include "net/host_port.h"

namespace stampede::app {
namespace {

constexpr std::size_t kLongestHost = 253;
constexpr std::size_t kLongestUrl = 1'000;
constexpr std::size_t kLongestSocketPath = 107;  // sockaddr_un

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_text(std::string_view text, std::size_t least, std::size_t most) {
  return text.size() >= least && text.size() <= most && text.find('\0') == text.npos;
}

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestHost && is_letter_or_digit(text.front()) &&
         std::ranges::all_of(text,
                             [](char c) { return is_letter_or_digit(c) || c == '-' || c == '.'; });
}

/// The host of an endpoint, of a peer or of a database, without brackets; empty if there is none.
std::string host_of(std::string_view text) {
  const auto endpoint = net::HostPort::parse(text);
  return endpoint ? endpoint->host : "";
}

}  // namespace

bool is_address(std::string_view text) {
  in6_addr bytes;
  const std::string copy{text};
  if (copy.find('\0') != copy.npos) return false;  // where inet_pton() would stop
  return inet_pton(AF_INET, copy.c_str(), &bytes) == 1 ||
         inet_pton(AF_INET6, copy.c_str(), &bytes) == 1;
}

bool is_proxy(std::string_view text) { return net::AddressRange::parse(text).has_value(); }

bool is_endpoint(std::string_view text) { return is_address(host_of(text)); }

bool is_peer(std::string_view text) {
  const auto peer = net::HostPort::parse(text);
  return peer && peer->port != 0 && (is_address(peer->host) || is_host_name(peer->host));
}

bool is_database(std::string_view text) {
  return text.starts_with('/') ? is_text(text, 2, kLongestSocketPath) : is_peer(text);
}

bool is_loopback(std::string_view endpoint) {
  const std::string host = host_of(endpoint);
  return endpoint.starts_with('/') || host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && is_address(host));
}

bool is_any_address(std::string_view endpoint) {
  const std::string host = host_of(endpoint);
  return host == "0.0.0.0" || host == "::";
}

bool is_origin(std::string_view text) {
  const std::string_view scheme = text.starts_with("https://") ? "https://" : "http://";
  if (!text.starts_with(scheme)) return false;
  text.remove_prefix(scheme.size());
  const bool has_port = text.find(':') != text.npos && !text.ends_with(']');
  const std::string host = host_of(has_port ? std::string(text) : std::string(text) + ":80");
  if (host.find(':') != host.npos) return is_address(host);
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

bool is_https_url(std::string_view text) {
  if (!text.starts_with("https://") || text.size() > kLongestUrl) return false;
  const auto path = text.find('/', std::string_view("https://").size());
  if (path == text.npos || !is_origin(text.substr(0, path))) return false;
  return std::ranges::all_of(text.substr(path), [](char c) {
    return is_letter_or_digit(c) || std::string_view("/._~-").find(c) != std::string_view::npos;
  });
}

bool is_challenge_provider(std::string_view text) {
  return text == "turnstile" || text == "hcaptcha" || text == "recaptcha";
}

bool is_site_key(std::string_view text) {
  return is_text(text, 1, 128) && std::ranges::all_of(text, [](char c) {
           return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
         });
}

bool is_own_captchas_rule(std::string_view text) { return text == "away" || text == "always"; }

bool is_checkout_address(std::string_view text) {
  constexpr std::size_t kLongestAddress = 2000;
  const std::size_t host = text.starts_with("https://") ? 8 : 7;
  if (text.size() > kLongestAddress) return false;
  const std::string_view origin = text.substr(0, text.find_first_of("/?#", host));
  if (!origin.starts_with("https://") &&
      !(origin.starts_with("http://") && is_loopback(origin.substr(host)))) {
    return false;
  }
  return is_origin(origin) && std::ranges::all_of(text.substr(origin.size()), [](char c) {
           return is_letter_or_digit(c) ||
                  std::string_view("/?-._~!$&'()*+,;=:@%").find(c) != std::string_view::npos;
         });
}

bool is_path(std::string_view text) { return is_text(text, 1, text.npos); }

bool is_node(std::string_view text) { return is_node_name(text); }

bool is_name(std::string_view text) {
  return is_text(text, 1, 64) && std::ranges::all_of(text, [](char c) {
           return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
         });
}

bool is_account(std::string_view text) { return is_text(text, 1, 128); }

bool is_totp_rule(std::string_view text) { return text == "required" || text == "optional"; }

bool is_private_addresses_rule(std::string_view text) {
  return text == "refused" || text == "allowed";
}

bool is_password(std::string_view text) { return is_text(text, 0, 256); }

}  // namespace stampede::app
