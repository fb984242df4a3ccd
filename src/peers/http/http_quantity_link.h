#pragma once

#include <mutex>
#include <string>

#include "http/client.h"
#include "peers/authenticator.h"
#include "peers/cluster_report.h"
#include "peers/quantity_link.h"
#include "telemetry/log_limit.h"

namespace stampede::peers {

/// Quantity control over HTTP. A heartbeat and a request for a lease do not wait for each other;
/// two of a kind do. An answer of 403 `wrong-peer-secret` is logged as an error too, at most one in
/// 10 s, because nothing works until an operator acts. `authenticator` outlives it.
class HttpQuantityLink final : public QuantityLink {
 public:
  static constexpr std::chrono::milliseconds kTimeout{2'000};

  /// `address`: "127.0.0.1:8084", "[::1]:8084"; throws std::invalid_argument for anything else.
  HttpQuantityLink(const std::string& address, const Authenticator& authenticator,
                   std::chrono::milliseconds timeout = kTimeout);

  std::expected<HeartbeatReply, std::string> beat(const Heartbeat& heartbeat) override;
  std::expected<LeaseReply, std::string> ask(const LeaseAsk& ask) override;
  /// The validators and their counters, for the console.
  std::expected<ClusterReport, std::string> report();

 private:
  /// One connection, for one call at a time.
  struct Line {
    explicit Line(http::Client made) : client(std::move(made)) {}
    std::mutex mutex;
    http::Client client;  // guarded by mutex
  };

  http::Client client(std::chrono::milliseconds timeout) const;
  std::expected<std::string, std::string> call(Line& line, http::ClientRequest request);
  std::string refusal(const http::ClientResponse& response);

  const std::string address_;
  const Authenticator* authenticator_;
  Line beats_;
  Line asks_;
  Line reports_;
  telemetry::LogLimit wrong_secrets_;
};

}  // namespace stampede::peers
