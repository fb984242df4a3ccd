#include "controllers/check_routing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "controllers/check_response.h"
#include "controllers/peer_guard.h"
#include "identity/random.h"

namespace stampede::controllers {
namespace {

using peers::Authenticator;
using peers::ForwardedAnswer;
using peers::ForwardFailure;
using std::chrono::milliseconds;

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

std::expected<std::optional<UserId>, http::Response> CheckRouting::passed_on(
    const http::Request& request, Instant now) {
  const std::string_view token = request.header(Authenticator::kHeader);
  if (token.empty()) return std::nullopt;
  const auto peer = parts_.authenticator.open_forward(token, now);
  if (!peer) return std::unexpected(wrong_peer(request));
  return peer->buyer;
}

http::Response CheckRouting::wrong_peer(const http::Request& request) {
  return wrong_peer_secret(request, refusals_);
}

std::optional<std::string> CheckRouting::other_owner(UserId buyer) const {
  const auto ring = parts_.routes.ring();
  const Member* owner = ring->owner(buyer);
  if (owner == nullptr || owner->node == parts_.node) return std::nullopt;
  return owner->address;
}

void CheckRouting::pass_on(const http::Request& request, const Check& check,
                           const std::string& owner, Instant now, http::Responder responder) {
  forwarded_.add();
  parts_.forwarder.forward({.owner = owner,
                            .buyer = check.buyer,
                            .target = std::string(request.target),
                            .session = std::string(request.cookie("sign")),
                            .intent = std::string(check.intent.text()),
                            .pass = std::string(request.header("Captcha-Pass"))},
                           now,
                           [this, check, responder = std::move(responder)](auto result) mutable {
                             responder.reply_from_anywhere(response_to(result, check));
                           });
}

http::Response CheckRouting::response_to(const peers::Forwarder::Result& result,
                                         const Check& check) {
  if (result) return response_of(*result);
  failed_.add();
  if (result.error() == ForwardFailure::kNothingDone) {
    return to_response({.retry_after = soon()}, check.intent);
  }
  // The owner may have carried it out, or have said yes of this key before: "pending" could come
  // after a yes.
  return std::move(http::problem(503, to_string(Verdict::kUnavailable),
                                 "The outcome is not known; ask again with the same key.")
                       .with("Retry-After", http::retry_after_seconds(soon().count())));
}

}  // namespace stampede::controllers
