#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>

#include "http/message.h"
#include "http/server/connections.h"

namespace stampede::http {

/// The client of one connection: its peer, or the one that a trusted proxy names; and whether it
/// asks over TLS.
class RequestSender {
 public:
  /// `peer` is normalised. `secure`: every request of the listener is. `proxies` outlives it.
  RequestSender(const boost::asio::ip::address& peer, const TrustedProxies& proxies, bool secure);

  bool behind_trusted_proxy() const { return behind_trusted_proxy_; }
  /// Fills in Request::client_address, which lives as long as this and the request's headers, and
  /// Request::secure. `encrypted`: the connection is.
  void identify(Request& request, bool encrypted) const;

 private:
  void believe_proxy(Request& request) const;

  const TrustedProxies& proxies_;
  const std::string peer_address_;
  const bool behind_trusted_proxy_;
  const bool secure_;
};

}  // namespace stampede::http
