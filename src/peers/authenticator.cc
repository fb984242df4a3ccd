#include "peers/authenticator.h"

#include <stdexcept>
#include <utility>

#include "identity/claims.h"

namespace stampede::peers {
namespace {

constexpr std::string_view kForward = "forward";
constexpr std::string_view kQuantity = "quantity";
constexpr std::string_view kTime = "time";
constexpr UserId kNobody;

std::int64_t milliseconds(Instant instant) { return instant.time_since_epoch().count(); }

}  // namespace

Authenticator::Authenticator(const identity::KeyRing& ring, std::string name)
    : ring_(&ring), name_(std::move(name)) {
  if (name_.size() > 64) throw std::invalid_argument("a peer's name has at most 64 bytes");
}

std::string Authenticator::seal_forward(UserId buyer, Instant now) const {
  return seal(kForward, buyer, now);
}
std::string Authenticator::seal_quantity(Instant now) const {
  return seal(kQuantity, kNobody, now);
}
std::expected<Authenticator::Peer, Authenticator::Fault> Authenticator::open_forward(
    std::string_view token, Instant now) const {
  return open(token, kForward, now);
}
std::expected<Authenticator::Peer, Authenticator::Fault> Authenticator::open_quantity(
    std::string_view token, Instant now) const {
  return open(token, kQuantity, now);
}

std::string Authenticator::seal(std::string_view target, UserId buyer, Instant now) const {
  now += correction_.load();
  identity::ClaimWriter claims;
  claims.text(target).text(name_).integer(buyer.value);
  claims.integer(milliseconds(now)).integer(milliseconds(now + kLifetime));
  return ring_->seal(identity::Purpose::kPeer, claims.bytes());
}

std::expected<Authenticator::Peer, Authenticator::Fault> Authenticator::open(
    std::string_view token, std::string_view target, Instant now) const {
  now += correction_.load();
  const auto opened = ring_->open(identity::Purpose::kPeer, token);
  if (!opened) return std::unexpected(Fault::kForged);
  identity::ClaimReader claims(*opened);
  const bool same_target = claims.text() == target;
  const std::string_view name = claims.text();
  const UserId buyer{claims.integer()};
  const bool issued = claims.integer() <= milliseconds(now + kLifetime);
  const bool fresh = milliseconds(now) < claims.integer();
  if (!same_target || !claims.complete()) return std::unexpected(Fault::kForged);
  if (!issued || !fresh) return std::unexpected(Fault::kStale);
  return Peer{std::string(name), buyer};
}

std::string Authenticator::seal_time(std::string_view token, Instant time) const {
  identity::ClaimWriter claims;
  claims.text(kTime).text(token).integer(milliseconds(time));
  return ring_->seal(identity::Purpose::kPeer, claims.bytes());
}

std::optional<Instant> Authenticator::open_time(std::string_view sealed,
                                                std::string_view token) const {
  const auto opened = ring_->open(identity::Purpose::kPeer, sealed);
  if (!opened) return std::nullopt;
  identity::ClaimReader claims(*opened);
  const bool same_target = claims.text() == kTime;
  const bool same_token = claims.text() == token;
  const Instant time{std::chrono::milliseconds{claims.integer()}};
  if (!same_target || !same_token || !claims.complete()) return std::nullopt;
  return time;
}

}  // namespace stampede::peers
