#include <algorithm>
#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <charconv>
#include <concepts>

#include "peers/json.h"
#include "peers/json_cursor.h"
#include "peers/words.h"

namespace stampede::peers {
namespace {

namespace json = boost::json;

constexpr std::size_t kIncarnation = 16;  // hexadecimal digits
constexpr std::size_t kHashKey = 32;
constexpr std::size_t kLongestText = 4096;  // of a reason, a counter's name

bool is_node(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

template <std::size_t size>
bool is_hexadecimal(std::string_view text) {
  return text.size() == size && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// Whom http::Upstream can ask.
bool is_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || text.size() > 300) return false;
  const std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.begin(), port.end(), number);
  const auto strange = [](char c) { return c <= ' ' || c == '/' || c == '@' || c > '~'; };
  return error == std::errc{} && end == port.end() && number != 0 &&
         bracketed == (host.find(':') != std::string_view::npos) &&
         std::ranges::none_of(host, strange);
}

bool is_holder(std::string_view text) {
  const auto slash = text.find('/');
  return slash != std::string_view::npos && is_node(text.substr(0, slash)) &&
         is_hexadecimal<kIncarnation>(text.substr(slash + 1));
}

constexpr const char* kAHolder = "NODE/INCARNATION";

Member member(const JsonCursor& in) {
  return {.node = std::string(in["node"].text(is_node, "1 to 32 characters of a-z 0-9 -")),
          .address = std::string(in["address"].text(is_address, "HOST:PORT")),
          .incarnation = std::string(
              in["incarnation"].text(is_hexadecimal<kIncarnation>, "16 hexadecimal digits"))};
}

Member lone_member(const JsonCursor& in) {
  return in.object({"node", "address", "incarnation"}) ? member(in) : Member{};
}

std::optional<Instant> maybe_instant(const JsonCursor& in) {
  return in.null() ? std::nullopt : std::optional(in.instant());
}

template <class Id>
Id id(const JsonCursor& in) {
  return in.id<Id>();
}

std::int64_t cursor_seq(const JsonCursor& in) { return in.integer(0); }

BlacklistEntry blacklist_entry(const JsonCursor& in) {
  if (!in.tuple(4)) return {};
  return {.user = in.at(0).id<UserId>(),
          .reason = std::string(in.at(1).text(0, kLongestText)),
          .expires_at = maybe_instant(in.at(2)),
          .created_at = in.at(3).instant()};
}

std::pair<std::string, double> counter(const JsonCursor& in) {
  if (!in.tuple(2)) return {};
  return {std::string(in.at(0).text(1, kLongestText)), in.at(1).number()};
}

StockLevel stock_level(const JsonCursor& in) {
  if (!in.tuple(3)) return {};
  return {.sale = in.at(0).id<SaleId>(),
          .unleased = in.at(1).integer(0),
          .leased_unsold = in.at(2).integer(0)};
}

Sale sale(const JsonCursor& in) {
  if (!in.object({"id", "product", "price_cents", "quantity", "unleased", "per_buyer_limit",
                  "starts_at", "ends_at", "captcha"})) {
    return {};
  }
  Sale sale{.id = in["id"].id<SaleId>(), .product = in["product"].id<ProductId>()};
  sale.price_cents = in["price_cents"].integer(0, 1'000'000'000'000);
  sale.quantity = in["quantity"].integer(1, 1'000'000'000);
  sale.unleased = in["unleased"].integer(0, sale.quantity);
  sale.per_buyer_limit = static_cast<std::int32_t>(in["per_buyer_limit"].integer(1, 1'000));
  sale.starts_at = in["starts_at"].instant();
  sale.ends_at = maybe_instant(in["ends_at"]);
  sale.captcha = in["captcha"].boolean();
  return sale;
}

std::pair<UserId, SessionEpoch> raised_epoch(const JsonCursor& in) {
  if (!in.tuple(2)) return {};
  return {in.at(0).id<UserId>(), in.at(1).integer(0)};
}

template <class Enum, std::size_t size>
Enum word(const JsonCursor& in, const std::array<Enum, size>& values, std::string_view expected) {
  const auto value = from_word(in.text(0, kLongestText), values);
  if (!value) in.fail(expected);
  return value.value_or(values.front());
}

/// None if there is no key to make it of.
std::optional<Order> order(const JsonCursor& in) {
  constexpr std::size_t kIntent = 3;
  constexpr std::size_t kSlot = 4;
  constexpr std::size_t kReason = 6;
  if (!in.tuple(9)) return std::nullopt;
  const auto intent = IdempotencyKey::parse(in.at(kIntent).text(0, kLongestText));
  if (!intent) {
    in.at(kIntent).fail("16 to 64 characters of A-Z a-z 0-9 - _");
    return std::nullopt;
  }
  Order order{.intent = *intent};
  order.number = in.at(0).id<OrderNumber>();
  order.sale = in.at(1).id<SaleId>();
  order.buyer = in.at(2).id<UserId>();
  order.lease = in.at(5).id<LeaseId>();
  order.reason = word(in.at(kReason), kReasons, "\"\", too-late, limit-reached or no-unit");
  order.seq = in.at(7).integer(1);
  order.created_at = in.at(8).instant();
  if (order.reason != FailureReason::kNone) {
    order.status = OrderStatus::kFailed;
    if (!in.at(kSlot).null()) in.at(kSlot).fail("null, because the order failed");
  } else {
    order.slot = static_cast<std::int32_t>(in.at(kSlot).integer(1, 1'000));
  }
  return order;
}

std::vector<Order> orders(const JsonCursor& in) {
  std::vector<Order> orders;
  in.each([&](const JsonCursor& element) {
    if (auto read = order(element)) orders.push_back(*read);
  });
  return orders;
}

std::optional<StockLease> lease(const JsonCursor& in) {
  if (in.null() || !in.object({"id", "sale", "granted", "sold", "state", "holder"})) return {};
  StockLease lease{.id = in["id"].id<LeaseId>(), .sale = in["sale"].id<SaleId>()};
  lease.granted = in["granted"].integer(1);
  lease.sold = in["sold"].integer(0, lease.granted);
  lease.state = word(in["state"], kLeaseStates, "open, fenced or closed");
  lease.holder = in["holder"].text(is_holder, kAHolder);
  return lease;
}

Heartbeat heartbeat(const JsonCursor& in) {
  Heartbeat heartbeat;
  if (!in.object({"protocol", "member", "leaving", "ring_epoch", "leases", "catalog_revision",
                  "blacklist_revision", "epochs_since", "cursors", "blacklisted", "counters"})) {
    return heartbeat;
  }
  heartbeat.member = lone_member(in["member"]);
  heartbeat.leaving = in["leaving"].boolean();
  heartbeat.ring_epoch = in["ring_epoch"].integer(0);
  heartbeat.leases = in["leases"].list(id<LeaseId>);
  heartbeat.catalog_revision = in["catalog_revision"].integer(-1);
  heartbeat.blacklist_revision = in["blacklist_revision"].integer(-1);
  heartbeat.epochs_since = in["epochs_since"].instant();
  heartbeat.cursors = in["cursors"].list(cursor_seq);
  heartbeat.blacklisted = in["blacklisted"].list(blacklist_entry);
  heartbeat.counters = in["counters"].list(counter);
  return heartbeat;
}

HeartbeatReply heartbeat_reply(const JsonCursor& in) {
  HeartbeatReply reply;
  if (!in.object({"protocol", "ring_epoch", "hash_key", "members", "newest_lease", "renewed",
                  "oldest_open", "recalled", "stock", "catalog_revision", "sales",
                  "blacklist_revision", "blacklist", "epochs", "orders", "cursors", "more"})) {
    return reply;
  }
  reply.ring_epoch = in["ring_epoch"].integer(0);
  reply.hash_key = in["hash_key"].text(is_hexadecimal<kHashKey>, "32 hexadecimal digits");
  reply.members = in["members"].list(lone_member);
  reply.newest_lease = LeaseId{in["newest_lease"].integer(0)};
  reply.renewed = in["renewed"].list(id<LeaseId>);
  reply.oldest_open = in["oldest_open"].id<LeaseId>();
  reply.recalled = in["recalled"].list(id<SaleId>);
  reply.stock = in["stock"].list(stock_level);
  reply.catalog_revision = in["catalog_revision"].integer(0);
  if (!in["sales"].null()) reply.sales = in["sales"].list(sale);
  reply.blacklist_revision = in["blacklist_revision"].integer(0);
  if (!in["blacklist"].null()) reply.blacklist = in["blacklist"].list(blacklist_entry);
  reply.epochs = in["epochs"].list(raised_epoch);
  reply.orders = orders(in["orders"]);
  reply.cursors = in["cursors"].list(cursor_seq);
  reply.more = in["more"].boolean();
  return reply;
}

LeaseAsk lease_ask(const JsonCursor& in) {
  LeaseAsk ask;
  if (!in.object({"protocol", "holder", "number", "sale", "ring_epoch"})) return ask;
  ask.holder = in["holder"].text(is_holder, kAHolder);
  ask.number = in["number"].integer(1);
  ask.sale = in["sale"].id<SaleId>();
  ask.ring_epoch = in["ring_epoch"].integer(1);
  return ask;
}

LeaseReply lease_reply(const JsonCursor& in) {
  LeaseReply reply;
  if (!in.object({"protocol", "lease", "refusal"})) return reply;
  reply.lease = lease(in["lease"]);
  reply.refusal = word(in["refusal"], kRefusals, "\"\", no-units, not-on-sale or stale-ring");
  if (reply.lease.has_value() == (reply.refusal != LeaseReply::Refusal::kNone)) {
    in["refusal"].fail("a lease or a reason why there is none, and not both");
  }
  return reply;
}

ClusterReport cluster_report(const JsonCursor& in) {
  ClusterReport report;
  if (!in.object({"protocol", "ring_epoch", "nodes"})) return report;
  report.ring_epoch = in["ring_epoch"].integer(0);
  report.nodes = in["nodes"].list([](const JsonCursor& node) -> ClusterReport::Node {
    if (!node.object({"node", "address", "incarnation", "counters"})) return {};
    return {.member = member(node), .counters = node["counters"].list(counter)};
  });
  return report;
}

/// The protocol is looked at before anything else: another one may name everything anew.
template <class Message>
std::expected<Message, std::string> parse(std::string_view text,
                                          Message (*read)(const JsonCursor&)) {
  json::monotonic_resource memory;
  json::error_code error;
  const json::value document = json::parse(text, error, &memory);
  if (error) return std::unexpected("the message is no JSON: " + error.message());
  std::string problem;
  const JsonCursor in(document, problem);
  if (!document.is_object()) in.fail("an object");
  in["protocol"].integer(kProtocol, kProtocol);
  if (!problem.empty()) return std::unexpected(problem);
  Message message = read(in);
  if (!problem.empty()) return std::unexpected(problem);
  return message;
}

}  // namespace

std::expected<Heartbeat, std::string> parse_heartbeat(std::string_view text) {
  return parse(text, heartbeat);
}
std::expected<HeartbeatReply, std::string> parse_heartbeat_reply(std::string_view text) {
  return parse(text, heartbeat_reply);
}
std::expected<LeaseAsk, std::string> parse_lease_ask(std::string_view text) {
  return parse(text, lease_ask);
}
std::expected<LeaseReply, std::string> parse_lease_reply(std::string_view text) {
  return parse(text, lease_reply);
}
std::expected<ClusterReport, std::string> parse_cluster_report(std::string_view text) {
  return parse(text, cluster_report);
}

}  // namespace stampede::peers
