#include "peers/http/http_quantity_link.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "net/host_port.h"
#include "peers/http/problem.h"
#include "peers/json.h"
#include "telemetry/log.h"

namespace stampede::peers {
namespace {

http::ClientRequest post(std::string target, std::string body) {
  return {.method = "POST",
          .target = std::move(target),
          .headers = {{"Content-Type", "application/json"}},
          .body = std::move(body)};
}

http::Client client_of(const std::string& text, std::chrono::milliseconds timeout) {
  auto address = net::HostPort::parse(text);
  if (!address || address->port == 0) {
    throw std::invalid_argument(fmt::format(
        "quantity control's address is \"{}\": expected HOST:PORT such as 127.0.0.1:8084", text));
  }
  return {std::move(address->host), address->port, timeout};
}

/// Refusals of the message itself: another process would say the same. Another may know a key that
/// this one does not.
bool is_final(int status) {
  return status >= 400 && status < 500 && status != 403 && status != 404;
}

}  // namespace

HttpQuantityLink::HttpQuantityLink(std::span<const std::string> addresses,
                                   Authenticator& authenticator, std::chrono::milliseconds timeout)
    : addresses_(addresses.begin(), addresses.end()),
      authenticator_(&authenticator),
      turns_(addresses_.size()) {
  if (addresses_.empty()) throw std::invalid_argument("quantity control has no address");
  for (Connections* connections : {&beats_, &asks_, &reports_}) open(*connections, timeout);
}

void HttpQuantityLink::open(Connections& connections, std::chrono::milliseconds timeout) const {
  const concurrency::MutexLock lock(connections.mutex);
  for (const auto& address : addresses_) connections.clients.push_back(client_of(address, timeout));
}

std::expected<HeartbeatReply, std::string> HttpQuantityLink::beat(const Heartbeat& heartbeat) {
  return call(beats_, post("/internal/heartbeat", to_json(heartbeat)), parse_heartbeat_reply);
}

std::expected<LeaseReply, std::string> HttpQuantityLink::ask(const LeaseAsk& ask) {
  return call(asks_, post("/internal/leases", to_json(ask)), parse_lease_reply);
}

std::expected<ClusterReport, std::string> HttpQuantityLink::report() {
  return call(reports_, {.method = "GET", .target = "/internal/members"}, parse_cluster_report);
}

template <class Reply>
std::expected<Reply, std::string> HttpQuantityLink::call(
    Connections& connections, const http::ClientRequest& request,
    std::expected<Reply, std::string> (*parse)(std::string_view)) {
  const concurrency::MutexLock lock(connections.mutex);
  Turns::Call turn(turns_);
  std::string problems;
  while (const auto at = turn.next()) {
    const std::string& address = addresses_[*at];
    Answer answer = ask_one(connections.clients[*at], address, request);
    if (answer.body) {
      auto reply = parse(*answer.body);
      if (reply) {
        turn.note(Said::kAnswer);
        return reply;
      }
      answer = {
          .body = std::unexpected(fmt::format(
              "quantity control at {}: its answer is not understood: {}", address, reply.error()))};
    }
    problems += fmt::format("{}{}", problems.empty() ? "" : "; ", answer.body.error());
    turn.note(answer.said);
  }
  return std::unexpected(std::move(problems));
}

HttpQuantityLink::Answer HttpQuantityLink::ask_one(http::Client& client, const std::string& address,
                                                   const http::ClientRequest& request) {
  auto response = send(client, request);
  if (!response) {
    return {.body = std::unexpected(fmt::format("quantity control: {}", response.error()))};
  }
  if (response->status == 200) return {.body = std::move(response->body)};
  return {.body = std::unexpected(refusal(*response, address)),
          .said = is_final(response->status) ? Said::kNoForGood : Said::kNotHere};
}

std::expected<http::ClientResponse, std::string> HttpQuantityLink::send(
    http::Client& client, http::ClientRequest request) {
  auto& [name, token] = request.headers.emplace_back(Authenticator::kHeader, "");
  token = authenticator_->seal_quantity(read_clocks().wall);
  auto response = client.send(request);
  if (!response || !learn_time(*response, token)) return response;
  token = authenticator_->seal_quantity(read_clocks().wall);
  return client.send(request);
}

/// From an answer that says that the token is stale.
bool HttpQuantityLink::learn_time(const http::ClientResponse& response, std::string_view token) {
  const auto time = authenticator_->open_time(response.header(Authenticator::kTimeHeader), token);
  if (!time) return false;
  const Instant now = read_clocks().wall;
  authenticator_->learn_time(*time, now);
  if (wrong_clock_.admits()) {
    telemetry::log_error("the wall clock is wrong: requests are dated by the database's",
                         "ahead_ms={}", (now - *time).count());
  }
  return true;
}

std::string HttpQuantityLink::refusal(const http::ClientResponse& response,
                                      const std::string& address) {
  const Problem problem = problem_of(response);
  if (problem.type == kWrongPeerSecret && wrong_secrets_.admits()) {
    telemetry::log_error("quantity control refuses this process", "address={} detail=\"{}\"",
                         address, problem.detail);
  }
  if (problem.type.empty()) {
    return fmt::format("quantity control: what listens at {} answers {} and is something else",
                       address, response.status);
  }
  return fmt::format("quantity control at {}: {}: {}", address, problem.type, problem.detail);
}

}  // namespace stampede::peers
