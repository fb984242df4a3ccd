#include "peers/http/http_quantity_link.h"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>
#include <utility>

#include "peers/http/problem.h"
#include "peers/json.h"
#include "telemetry/log.h"

namespace stampede::peers {
namespace {

/// A body that `parse` does not take is an error like any other.
template <class Reply>
std::expected<Reply, std::string> read(
    const std::string& address, const std::expected<std::string, std::string>& body,
    std::expected<Reply, std::string> (*parse)(std::string_view)) {
  if (!body) return std::unexpected(body.error());
  auto reply = parse(*body);
  if (reply) return reply;
  return std::unexpected(fmt::format("quantity control at {}: its answer is not understood: {}",
                                     address, reply.error()));
}

http::ClientRequest post(std::string target, std::string body) {
  return {.method = "POST",
          .target = std::move(target),
          .headers = {{"Content-Type", "application/json"}},
          .body = std::move(body)};
}

}  // namespace

HttpQuantityLink::HttpQuantityLink(const std::string& address, const Authenticator& authenticator,
                                   std::chrono::milliseconds timeout)
    : address_(address),
      authenticator_(&authenticator),
      beats_(client(timeout)),
      asks_(client(timeout)),
      reports_(client(timeout)) {}

http::Client HttpQuantityLink::client(std::chrono::milliseconds timeout) const {
  const auto colon = address_.rfind(':');
  std::string_view host = std::string_view(address_).substr(0, colon);
  const std::string_view digits =
      colon == std::string::npos ? "" : std::string_view(address_).substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), port);
  if (host.empty() || port == 0 || error != std::errc{} || end != digits.end()) {
    throw std::invalid_argument(fmt::format(
        "quantity control's address is \"{}\": expected HOST:PORT such as 127.0.0.1:8084",
        address_));
  }
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return {std::string(host), port, timeout};
}

std::expected<HeartbeatReply, std::string> HttpQuantityLink::beat(const Heartbeat& heartbeat) {
  return read(address_, call(beats_, post("/internal/heartbeat", to_json(heartbeat))),
              parse_heartbeat_reply);
}

std::expected<LeaseReply, std::string> HttpQuantityLink::ask(const LeaseAsk& ask) {
  return read(address_, call(asks_, post("/internal/leases", to_json(ask))), parse_lease_reply);
}

std::expected<ClusterReport, std::string> HttpQuantityLink::report() {
  return read(address_, call(reports_, {.method = "GET", .target = "/internal/members"}),
              parse_cluster_report);
}

std::expected<std::string, std::string> HttpQuantityLink::call(Line& line,
                                                               http::ClientRequest request) {
  const std::lock_guard lock(line.mutex);
  request.headers.emplace_back(Authenticator::kHeader,
                               authenticator_->seal_quantity(read_clocks().wall));
  auto response = line.client.send(request);
  if (!response) {
    return std::unexpected(fmt::format("quantity control: {}", response.error()));
  }
  if (response->status != 200) return std::unexpected(refusal(*response));
  return std::move(response->body);
}

std::string HttpQuantityLink::refusal(const http::ClientResponse& response) {
  const Problem problem = problem_of(response);
  if (problem.type == kWrongPeerSecret && wrong_secrets_.admits()) {
    telemetry::log_error("quantity control refuses this process", "address={} detail=\"{}\"",
                         address_, problem.detail);
  }
  if (problem.type.empty()) {
    return fmt::format("quantity control: what listens at {} answers {} and is something else",
                       address_, response.status);
  }
  return fmt::format("quantity control at {}: {}: {}", address_, problem.type, problem.detail);
}

}  // namespace stampede::peers
