#include "services/webhooks/target_url.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/text/plain_text.h"
#include "model/webhook.h"
#include "net/address_range.h"
#include "net/host_port.h"
#include "net/public_address.h"

namespace stampede::services::webhooks {
namespace {

constexpr std::string_view kExpected =
    "expected https://, a host, perhaps a port, and a path, like https://shop.example/webhooks";

bool of_authority(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == ':' || c == '[' || c == ']';
}

bool is_localhost(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost");
}

/// Of "host", "host:port" or "[address]:port".
std::optional<std::string> problem_of_host(std::string_view authority, bool private_addresses) {
  const std::string_view host = net::host_of_authority(authority);
  const bool with_port = authority.ends_with("]") ? false : authority.rfind(':') != authority.npos;
  const std::string whole(with_port ? std::string(authority) : fmt::format("{}:1", authority));
  const auto parsed = net::HostPort::parse(whole);
  if (host.empty() || !parsed || parsed->port == 0) {
    return fmt::format("url: {} is no host with a port; {}", in_quotes(authority), kExpected);
  }
  if (private_addresses) return std::nullopt;
  const auto address = net::AddressRange::address(host);
  if (is_localhost(host) || (address && !net::is_public(*address))) {
    return fmt::format(
        "url: {} is not in the public network; expected a public host, or "
        "webhooks.private_addresses "
        "= \"allowed\" in the configuration",
        in_quotes(host));
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> problem_of_url(std::string_view url, bool private_addresses) {
  if (url.size() > WebhookEndpoint::kLongestUrl) {
    return fmt::format("url: it has {} bytes; expected {} at most", url.size(),
                       WebhookEndpoint::kLongestUrl);
  }
  const bool plain = url.starts_with("http://");
  if (plain && !private_addresses) {
    return fmt::format("url: {} is plain http; {}", in_quotes(url), kExpected);
  }
  if (!plain && !url.starts_with("https://")) {
    return fmt::format("url: {} is no address of https; {}", in_quotes(url), kExpected);
  }
  if (!std::ranges::all_of(url, [](char c) { return c > ' ' && c < '\x7f' && c != '\\'; })) {
    return fmt::format("url: {} has a blank or another character that no URL has; {}",
                       in_quotes(url), kExpected);
  }
  if (url.find('#') != url.npos) {
    return fmt::format("url: {} has a fragment, which is sent to nobody; expected none",
                       in_quotes(url));
  }
  const std::string_view behind = url.substr(url.find("//") + 2);
  const std::string_view authority = behind.substr(0, behind.find_first_of("/?"));
  if (authority.find('@') != authority.npos) {
    return "url: it has a user or a password, which a log would tell; expected none: deliveries "
           "are "
           "signed";
  }
  if (!std::ranges::all_of(authority, of_authority)) {
    return fmt::format("url: {} is no host; {}", in_quotes(authority), kExpected);
  }
  return problem_of_host(authority, private_addresses);
}

}  // namespace stampede::services::webhooks
