#include "http/server/request_sender.h"

#include <string_view>

#include "http/text.h"

namespace stampede::http {

RequestSender::RequestSender(const boost::asio::ip::address& peer, const TrustedProxies& proxies,
                             bool secure)
    : proxies_(proxies),
      peer_address_(peer.to_string()),
      behind_trusted_proxy_(proxies.contains(peer)),
      secure_(secure) {}

void RequestSender::identify(Request& request, bool encrypted) const {
  request.client_address = peer_address_;
  request.secure = secure_ || encrypted;
  if (behind_trusted_proxy_) believe_proxy(request);
}

void RequestSender::believe_proxy(Request& request) const {
  // The last of several headers is the one that this proxy wrote.
  for (const auto& [name, value] : request.headers) {
    if (same_name(name, "x-forwarded-for")) {
      const std::string_view client = proxies_.client_of(value);
      request.client_address = client.empty() ? std::string_view(peer_address_) : client;
    } else if (same_name(name, "x-forwarded-proto")) {
      request.secure = secure_ || same_name(value, "https");
    }
  }
}

}  // namespace stampede::http
