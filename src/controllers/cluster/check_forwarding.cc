#include "controllers/cluster/check_forwarding.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "controllers/cluster/peer_guard.h"
#include "controllers/doubled.h"
#include "controllers/guards/cookie_names.h"
#include "controllers/guards/host_cookie.h"
#include "controllers/guards/session_guard.h"
#include "controllers/shop/check_response.h"
#include "identity/random.h"

namespace stampede::controllers {
namespace {

using peers::Authenticator;
using peers::ForwardedAnswer;
using peers::ForwardFailure;
using std::chrono::milliseconds;

/// Two validators that do not agree who owns a buyer soon will.
constexpr milliseconds kRingSettles{1'000};

/// A crowd whose owner is gone is not to return as one.
milliseconds soon() { return std::chrono::seconds{1 + identity::random_number() % 3}; }

http::Response response_of(const ForwardedAnswer& answer) {
  // What /check answers with; a response holds a literal.
  static constexpr std::array<std::string_view, 2> kTypes = {"application/json",
                                                             "application/problem+json"};
  const auto* type = std::ranges::find(kTypes, answer.content_type);
  http::Response response;
  response.status = answer.status;
  response.content_type = type == kTypes.end() ? "application/octet-stream" : *type;
  response.body = answer.body;
  if (!answer.location.empty()) response.with("Location", answer.location);
  if (!answer.retry_after.empty()) response.with("Retry-After", answer.retry_after);
  return response;
}

}  // namespace

void CheckForwarding::add_routes(http::Router& router) {
  refuse_doubled_of_shop(router);
  router.post("/check", [this](http::Request& request, http::Responder responder) {
    check(request, std::move(responder));
  });
}

void CheckForwarding::check(http::Request& request, http::Responder responder) {
  const Now now = read_clocks();
  auto& here = parts_.check;
  const std::string_view token = request.header(Authenticator::kHeader);
  std::optional<Authenticator::Peer> peer;
  if (auto opened = parts_.authenticator.open_forward(token, now.wall)) peer = *std::move(opened);
  const auto wrong_peer = [&] { return here.refuse(wrong_peer_secret(request, refusals_)); };
  if (!token.empty() && !peer) return responder(wrong_peer());
  using Origin = CheckController::Origin;
  auto attempt = here.read(request, now, peer ? Origin::kChecked : Origin::kToCheck);
  if (!attempt) return responder(std::move(attempt.error()));
  if (peer && peer->buyer != attempt->buyer) return responder(wrong_peer());
  if (peer) attempt->client = request.header(peers::kClientHeader);

  const auto owner = other_owner(attempt->buyer);
  if (!owner) return here.decide(*attempt, std::move(responder));
  if (peer)
    return responder(here.respond({.retry_after = kRingSettles}, attempt->buyer, attempt->intent));
  pass_on(request, *attempt, *owner, std::move(responder));
}

std::optional<std::string> CheckForwarding::other_owner(UserId buyer) const {
  const auto ring = parts_.routes.ring();
  const Member* owner = ring->owner(buyer);
  if (owner == nullptr || owner->node == parts_.node) return std::nullopt;
  return owner->address;
}

void CheckForwarding::pass_on(const http::Request& request,
                              const services::purchase::Attempt& attempt, const std::string& owner,
                              http::Responder responder) {
  forwarded_.add();
  const SessionCookie session = session_cookie(request);
  parts_.forwarder.forward(
      {.owner = owner,
       .buyer = attempt.buyer,
       .target = std::string(request.target),
       .session = fmt::format("{}={}", host_cookie(kSignCookie, session.host_bound), session.value),
       .intent = std::string(attempt.intent.text()),
       .pass = std::string(attempt.pass),
       .client = std::string(attempt.client)},
      attempt.now.wall,
      [this, intent = attempt.intent, responder = std::move(responder)](auto result) mutable {
        responder.reply_from_anywhere(response_to(result, intent));
      });
}

http::Response CheckForwarding::response_to(const peers::Forwarder::Result& result,
                                            const IdempotencyKey& intent) {
  if (result) return response_of(*result);
  failed_.add();
  if (result.error() == ForwardFailure::kNothingDone) {
    return to_response({.retry_after = soon()}, intent);
  }
  // The owner may have carried it out, or have said yes of this key before: "pending" could come
  // after a yes.
  return std::move(http::problem(503, to_string(Verdict::kUnavailable),
                                 "The outcome is not known; ask again with the same key.")
                       .with("Retry-After", http::retry_after_seconds(soon().count())));
}

void CheckForwarding::write_metrics(telemetry::PrometheusText& text) const {
  const auto count = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    text.family(name, "counter", help);
    text.value(name, "", static_cast<double>(value));
  };
  count("stampede_check_forwarded_total", "Requests passed on to the buyer's validator.",
        forwarded_.value());
  count("stampede_check_forward_failed_total", "Those of them that came back without an answer.",
        failed_.value());
}

}  // namespace stampede::controllers
