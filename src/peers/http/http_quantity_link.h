#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "concurrency/mutex.h"
#include "http/client/client.h"
#include "peers/authenticator.h"
#include "peers/cluster_report.h"
#include "peers/messages.h"
#include "peers/timeouts.h"
#include "peers/turns.h"
#include "telemetry/log_limit.h"

namespace stampede::peers {

/// A validator's way to quantity control, over HTTP: several processes, of which one leads. Calls
/// block, for a bounded time; an error is a sentence, and says nothing of what quantity control
/// did. A call asks the process that answered last; where that one stands by, is not reached or
/// does not answer in time, it asks the others in turn, each once. A heartbeat and a request for a
/// lease do not wait for each other; two of a kind do. An answer of 403 `wrong-peer-secret` is
/// logged as an error too, at most one in 10 s, because nothing works until an operator acts. Where
/// this process's wall clock is so wrong that its token is refused, it learns the database's time
/// and asks once more. `authenticator` outlives it. Thread-safe.
class HttpQuantityLink {
 public:
  /// `addresses`: one or more like "127.0.0.1:8084", "[::1]:8084"; throws std::invalid_argument for
  /// anything else.
  HttpQuantityLink(std::span<const std::string> addresses, Authenticator& authenticator,
                   std::chrono::milliseconds timeout = kQuantityTimeout);

  std::expected<HeartbeatReply, std::string> beat(const Heartbeat& heartbeat);
  std::expected<LeaseReply, std::string> ask(const LeaseAsk& ask);
  /// The validators and their counters, for the console.
  std::expected<ClusterReport, std::string> report();

 private:
  /// The connections of one kind of call, one to each process, for one call at a time.
  struct Connections {
    concurrency::Mutex mutex;
    std::vector<http::Client> clients STAMPEDE_GUARDED_BY(mutex);  // in order of the addresses
  };
  /// What one process said: a body is an answer once it is understood.
  struct Answer {
    std::expected<std::string, std::string> body;
    Said said = Said::kNotHere;
  };

  void open(Connections& connections, std::chrono::milliseconds timeout) const;
  template <class Reply>
  std::expected<Reply, std::string> call(
      Connections& connections, const http::ClientRequest& request,
      std::expected<Reply, std::string> (*parse)(std::string_view));
  Answer ask_one(http::Client& client, const std::string& address,
                 const http::ClientRequest& request);
  std::expected<http::ClientResponse, std::string> send(http::Client& client,
                                                        http::ClientRequest request);
  bool learn_time(const http::ClientResponse& response, std::string_view token);
  std::string refusal(const http::ClientResponse& response, const std::string& address);

  const std::vector<std::string> addresses_;
  Authenticator* authenticator_;
  Connections beats_;
  Connections asks_;
  Connections reports_;
  Turns turns_;
  telemetry::LogLimit wrong_secrets_;
  telemetry::LogLimit wrong_clock_;
};

}  // namespace stampede::peers
