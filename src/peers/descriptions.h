#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "peers/cluster_report.h"
#include "peers/formats.h"
#include "peers/messages.h"
#include "peers/words.h"

namespace stampede::peers {

/// Each message is described once, and both the writer and the reader follow the description.
/// `describe` gives every member of an object to `io`, by its name; `describe_row` gives every
/// element of an array. `io.later` is for members that earlier releases do not send: a reader
/// leaves what is missing as it was. `io.unread` is for lists that earlier releases must find, and
/// that nobody reads any more: they are sent empty; `io.unread_number` for numbers, sent as 0. What
/// follows the member says which values are
/// good, where its type does not say it: ids are positive, and instants lie before the year 10000.

/// A whole number in this range.
struct Whole {
  std::int64_t least;
  std::int64_t most = INT64_MAX;
};
/// A text of so many bytes.
struct Bytes {
  std::size_t least;
  std::size_t most = 4096;
};
/// A text for which `is_one` holds; `expected` says in words what that is.
struct Format {
  bool (*is_one)(std::string_view);
  std::string_view expected;
};
/// The word of one of `values`.
template <class Enum, std::size_t size>
struct OneOf {
  const std::array<Enum, size>& values;
  std::string_view expected;
};

template <class T, class Message>
concept Is = std::same_as<std::remove_const_t<T>, Message>;

inline constexpr Format kNode{is_node_name, kNodeNameForm};
inline constexpr Format kAddress{is_address, "HOST:PORT"};
inline constexpr Format kIncarnation{is_hexadecimal<16>, "16 hexadecimal digits"};
inline constexpr Format kHashKey{is_hexadecimal<32>, "32 hexadecimal digits"};
inline constexpr Format kHolder{is_holder, "NODE/INCARNATION"};
inline constexpr Bytes kNonce{0, 64};
/// 0: none. Numbers go on behind what a peer has heard of, and begin at the time in units of 10 us
/// (services/leasing/lease_numbers.h), which comes so far in the year 2286.
inline constexpr Whole kNewestLease{0, 1'000'000'000'000'000};
inline constexpr Bytes kOrderDigest{0, 128};

void describe(auto& io, Is<Member> auto& member) {
  io("node", member.node, kNode);
  io("address", member.address, kAddress);
  io("incarnation", member.incarnation, kIncarnation);
}

void describe_row(auto& io, Is<BlacklistEntry> auto& entry) {
  io(entry.user);
  io(entry.reason, Bytes{0});
  io(entry.expires_at);
  io(entry.created_at);
}

void describe_row(auto& io, Is<std::pair<UserId, SessionEpoch>> auto& raised) {
  io(raised.first);
  io(raised.second, Whole{0});
}

void describe_row(auto& io, Is<SalePosition> auto& position) {
  io(position.sale.id);
  io(position.sale.unleased, Whole{0});
  io(position.leased, Whole{0});
  io.later(position.settled_at);
}

void describe(auto& io, Is<Sale> auto& sale) {
  io("id", sale.id);
  io("product", sale.product);
  io("price_cents", sale.price_cents, Whole{0, Sale::kHighestPriceCents});
  io("quantity", sale.quantity, Whole{1, Sale::kLargestQuantity});
  io("unleased", sale.unleased, Whole{0, sale.quantity});
  io("per_buyer_limit", sale.per_buyer_limit, Whole{1, Sale::kHighestLimit});
  io("starts_at", sale.starts_at);
  io("ends_at", sale.ends_at);
  io("captcha", sale.captcha);
  io.later("hold", sale.hold, Whole{Sale::kShortestHold.count(), Sale::kLongestHold.count()});
}

/// By name: releases know different verdicts.
void describe(auto& io, Is<CheckCounts> auto& counts) {
  for (std::size_t kind = 0; kind < CheckCounts::kKinds; ++kind) {
    io.later(CheckCounts::kind_name(kind), counts.answers[kind], Whole{0});
  }
  io("waits", counts.waits, Whole{0});
}

/// As as_told() has it: its status follows from the reason and from `pay_by`.
void describe_row(auto& io, Is<Order> auto& order) {
  io(order.number);
  io(order.sale);
  io(order.buyer);
  io(order.intent);
  io(order.slot, Whole{1, 1'000'000});
  io(order.lease);
  io(order.reason, OneOf{kReasons, "\"\", too-late, limit-reached, no-unit, cancelled or expired"});
  io(order.seq, Whole{1});
  io(order.created_at);
  if constexpr (std::is_const_v<std::remove_reference_t<decltype(order)>>) {
    io.later(as_told(order).pay_by);
  } else {
    io.later(order.pay_by);
  }
}

void describe(auto& io, Is<Heartbeat> auto& heartbeat) {
  io("member", heartbeat.member);
  io("leaving", heartbeat.leaving);
  io.later("publishes", heartbeat.publishes);
  io("ring_epoch", heartbeat.ring_epoch, Whole{0});
  io.later("ring_nonce", heartbeat.ring_nonce, kNonce);
  io.later("leader_epoch", heartbeat.leader_epoch, Whole{0});
  io("leases", heartbeat.leases);
  io.later("undecided", heartbeat.undecided);
  io.later("newest_lease", heartbeat.newest_lease, kNewestLease);
  io("catalog_revision", heartbeat.catalog_revision, Whole{-1});
  io("blacklist_revision", heartbeat.blacklist_revision, Whole{-1});
  io.unread_number("epochs_since");
  io.later("sessions_revision", heartbeat.sessions_revision, Whole{-1});
  io("cursors", heartbeat.cursors, Whole{0});
  io.later("last_orders", heartbeat.order_digests, kOrderDigest);
  io("blacklisted", heartbeat.blacklisted);
  io.unread("counters");
  io.later("counts", heartbeat.counts);
}

void describe(auto& io, Is<HeartbeatReply> auto& reply) {
  io.later("leader_epoch", reply.leader_epoch, Whole{0});
  io.later("database_time", reply.database_time);
  io("ring_epoch", reply.ring_epoch, Whole{0});
  io.later("ring_nonce", reply.ring_nonce, kNonce);
  io("hash_key", reply.hash_key, kHashKey);
  io.later("virtual_nodes", reply.virtual_nodes, Whole{1, 10'000});
  io("members", reply.members);
  io("newest_lease", reply.newest_lease, Whole{0});
  io("renewed", reply.renewed);
  io("oldest_open", reply.oldest_open);
  io.later("closed", reply.closed);
  io("recalled", reply.recalled);
  io("stock", reply.stock);
  io("catalog_revision", reply.catalog_revision, Whole{0});
  io("sales", reply.sales);
  io("blacklist_revision", reply.blacklist_revision, Whole{0});
  io("blacklist", reply.blacklist);
  io.later("sessions_revision", reply.sessions_revision, Whole{-1});
  io("epochs", reply.epochs);
  io("orders", reply.orders);
  io("cursors", reply.cursors, Whole{0});
  io.later("last_orders", reply.order_digests, kOrderDigest);
  io("more", reply.more);
  io.later("start_over", reply.start_over);
}

void describe(auto& io, Is<LeaseAsk> auto& ask) {
  io("holder", ask.holder, kHolder);
  io("number", ask.number, Whole{1});
  io("sale", ask.sale);
  io("ring_epoch", ask.ring_epoch, Whole{1});
  io.later("ring_nonce", ask.ring_nonce, kNonce);
  io.later("known", ask.known);
}

void describe(auto& io, Is<StockLease> auto& lease) {
  io("id", lease.id);
  io("sale", lease.sale);
  io("granted", lease.granted, Whole{1});
  io("sold", lease.sold, Whole{0, lease.granted});
  io("state", lease.state, OneOf{kLeaseStates, "open, fenced or closed"});
  io("holder", lease.holder, kHolder);
}

void describe(auto& io, Is<LeaseReply> auto& reply) {
  io("lease", reply.lease);
  io("refusal", reply.refusal,
     OneOf{kRefusals, "\"\", no-units, not-on-sale, stale-ring or other-terms"});
}

void describe(auto& io, Is<ClusterReport::Node> auto& node) {
  describe(io, node.member);
  io.unread("counters");
  io.later("counts", node.counts);
}

void describe(auto& io, Is<ClusterReport> auto& report) {
  io("ring_epoch", report.ring_epoch, Whole{0});
  io("nodes", report.nodes);
}

}  // namespace stampede::peers
