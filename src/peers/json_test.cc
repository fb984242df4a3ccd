#include "peers/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <functional>
#include <limits>

#include "peers/words.h"

namespace stampede::peers {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

// Anything that may be sent.

std::int64_t any(std::int64_t least, std::int64_t most) {
  // Ranges end before their upper bound, and small numbers come more often.
  return *rc::gen::oneOf(rc::gen::just(least), rc::gen::just(most),
                         rc::gen::inRange<std::int64_t>(least, most));
}
template <class Id>
Id any_id() {
  return Id{any(1, kMost)};
}
bool any_bool() { return *rc::gen::arbitrary<bool>(); }
std::string any_text(std::string_view alphabet, std::size_t least, std::size_t most) {
  const auto size = *rc::gen::inRange<std::size_t>(least, most + 1);
  return *rc::gen::container<std::string>(size, rc::gen::elementOf(std::string(alphabet)));
}
/// UTF-8 with everything that JSON must escape.
std::string any_words(std::size_t least) {
  std::string words(least, 'x');
  const auto count = *rc::gen::inRange(0, 20);
  const std::vector<std::string> pieces{"a", " ", "\"", "\\", "\n", "\x01", "</", "ö", "鞋", "👟"};
  for (int i = 0; i < count; ++i) words += *rc::gen::elementOf(pieces);
  return words;
}
Instant any_instant() { return Instant{std::chrono::milliseconds{any(0, 253'402'300'799'999)}}; }
std::optional<Instant> maybe_instant() {
  return any_bool() ? std::optional(any_instant()) : std::nullopt;
}
template <class Item>
std::vector<Item> some(const std::function<Item()>& item) {
  std::vector<Item> items(*rc::gen::inRange<std::size_t>(0, 5));
  for (Item& each : items) each = item();
  return items;
}
template <>
std::vector<Order> some(const std::function<Order()>& item) {
  std::vector<Order> items;
  for (auto left = *rc::gen::inRange(0, 5); left > 0; --left) items.push_back(item());
  return items;
}

Member any_member() {
  const std::vector<std::string> addresses{"127.0.0.1:8083", "[::1]:1", "validator-7.lan:65535"};
  return {.node = any_text("abz019-", 1, 32),
          .address = *rc::gen::elementOf(addresses),
          .incarnation = any_text("0123456789abcdef", 16, 16)};
}
BlacklistEntry any_entry() {
  return {.user = any_id<UserId>(),
          .reason = any_words(0),
          .expires_at = maybe_instant(),
          .created_at = any_instant()};
}
std::optional<CheckCounts> maybe_counts() {
  if (!any_bool()) return std::nullopt;
  CheckCounts counts;
  for (auto& count : counts.answers) count = any(0, kMost);
  for (auto& count : counts.waits) count = any(0, kMost);
  return counts;
}
Sale any_sale() {
  Sale sale{.id = any_id<SaleId>(), .product = any_id<ProductId>()};
  sale.price_cents = any(0, 1'000'000'000'000);
  sale.quantity = any(1, 1'000'000'000);
  sale.unleased = any(0, sale.quantity);
  sale.per_buyer_limit = static_cast<std::int32_t>(any(1, 1'000));
  sale.starts_at = any_instant();
  sale.ends_at = maybe_instant();
  sale.captcha = any_bool();
  if (any_bool()) sale.hold = std::chrono::seconds{any(60, 604'800)};
  return sale;
}
Order any_order() {
  Order order{.intent = *IdempotencyKey::parse(any_text("ABZabz019-_", 16, 64))};
  order.number = any_id<OrderNumber>();
  order.sale = any_id<SaleId>();
  order.buyer = any_id<UserId>();
  order.lease = any_id<LeaseId>();
  order.reason = *rc::gen::elementOf(kReasons);
  order.status = order.reason == FailureReason::kNone        ? OrderStatus::kSuccess
                 : order.reason == FailureReason::kCancelled ? OrderStatus::kCancelled
                 : order.reason == FailureReason::kExpired   ? OrderStatus::kExpired
                                                             : OrderStatus::kFailed;
  if (order.status == OrderStatus::kSuccess && any_bool()) {
    order.status = OrderStatus::kHeld;
    order.pay_by = any_instant();
  }
  if (order.status == OrderStatus::kHeld && any_bool()) order.status = OrderStatus::kPaid;
  if (order.status != OrderStatus::kFailed) order.slot = static_cast<std::int32_t>(any(1, 1'000));
  order.seq = any(1, kMost);
  order.created_at = any_instant();
  return order;
}

Heartbeat any_heartbeat() {
  return {.member = any_member(),
          .leaving = any_bool(),
          .publishes = any_bool(),
          .ring_epoch = any(0, kMost),
          .ring_nonce = any_text("0123456789abcdef", 0, 64),
          .leader_epoch = any(0, kMost),
          .leases = some<LeaseId>(any_id<LeaseId>),
          .undecided = some<LeaseId>(any_id<LeaseId>),
          .newest_lease = {any(0, 1'000'000'000'000'000)},
          .catalog_revision = any(-1, kMost),
          .blacklist_revision = any(-1, kMost),
          .sessions_revision = any(-1, kMost),
          .cursors = some<std::int64_t>([] { return any(0, kMost); }),
          .order_digests = some<std::string>([] { return any_text("0123456789/x", 0, 128); }),
          .blacklisted = some<BlacklistEntry>(any_entry),
          .counts = maybe_counts()};
}
HeartbeatReply any_reply() {
  HeartbeatReply reply{.leader_epoch = any(0, kMost),
                       .database_time = any_instant(),
                       .ring_epoch = any(0, kMost),
                       .ring_nonce = any_text("0123456789abcdef", 0, 64),
                       .hash_key = any_text("0123456789abcdef", 32, 32),
                       .virtual_nodes = static_cast<int>(any(1, 10'000)),
                       .members = some<Member>(any_member),
                       .newest_lease = LeaseId{any(0, kMost)},
                       .renewed = some<LeaseId>(any_id<LeaseId>),
                       .oldest_open = any_id<LeaseId>(),
                       .closed = some<LeaseId>(any_id<LeaseId>),
                       .recalled = some<SaleId>(any_id<SaleId>)};
  reply.stock = some<SalePosition>([] {
    SalePosition position{.sale = {.id = any_id<SaleId>(), .unleased = any(0, kMost)},
                          .leased = any(0, kMost)};
    if (any_bool()) position.settled_at = any_instant();
    return position;
  });
  reply.catalog_revision = any(0, kMost);
  if (any_bool()) reply.sales = some<Sale>(any_sale);
  reply.blacklist_revision = any(0, kMost);
  if (any_bool()) reply.blacklist = some<BlacklistEntry>(any_entry);
  reply.sessions_revision = any(-1, kMost);
  reply.epochs = some<std::pair<UserId, SessionEpoch>>([] {
    return std::pair{any_id<UserId>(), any(0, kMost)};
  });
  reply.orders = some<Order>(any_order);
  reply.cursors = some<std::int64_t>([] { return any(0, kMost); });
  reply.order_digests = some<std::string>([] { return any_text("0123456789/x", 0, 128); });
  reply.more = any_bool();
  reply.start_over = any_bool();
  return reply;
}
LeaseReply any_lease_reply() {
  LeaseReply reply{.refusal = *rc::gen::elementOf(kRefusals)};
  if (reply.refusal != LeaseReply::Refusal::kNone) return reply;
  StockLease lease{.id = any_id<LeaseId>(), .sale = any_id<SaleId>()};
  lease.granted = any(1, kMost);
  lease.sold = any(0, lease.granted);
  lease.state = *rc::gen::elementOf(kLeaseStates);
  lease.holder = any_member().holder();
  reply.lease = lease;
  return reply;
}

// Equality, member by member.

template <class Item, class Same>
bool all_same(const std::vector<Item>& a, const std::vector<Item>& b, Same same) {
  return std::ranges::equal(a, b, same);
}
template <class Item, class Same>
bool all_same(const std::optional<std::vector<Item>>& a, const std::optional<std::vector<Item>>& b,
              Same same) {
  return a.has_value() == b.has_value() && (!a || all_same(*a, *b, same));
}
bool same_entry(const BlacklistEntry& a, const BlacklistEntry& b) {
  return std::tie(a.user, a.reason, a.expires_at, a.created_at) ==
         std::tie(b.user, b.reason, b.expires_at, b.created_at);
}
bool same_sale(const Sale& a, const Sale& b) {
  return std::tie(a.id, a.product, a.price_cents, a.quantity, a.unleased, a.per_buyer_limit,
                  a.starts_at, a.ends_at, a.captcha,
                  a.hold) == std::tie(b.id, b.product, b.price_cents, b.quantity, b.unleased,
                                      b.per_buyer_limit, b.starts_at, b.ends_at, b.captcha, b.hold);
}
bool same_order(const Order& a, const Order& sent) {
  const Order b = as_told(sent);
  return std::tie(a.number, a.sale, a.buyer, a.intent, a.slot, a.lease, a.status, a.reason, a.seq,
                  a.created_at, a.pay_by) == std::tie(b.number, b.sale, b.buyer, b.intent, b.slot,
                                                      b.lease, b.status, b.reason, b.seq,
                                                      b.created_at, b.pay_by);
}
bool same_stock(const SalePosition& a, const SalePosition& b) {
  return std::tie(a.sale.id, a.sale.unleased, a.leased, a.settled_at) ==
         std::tie(b.sale.id, b.sale.unleased, b.leased, b.settled_at);
}

TEST(PeerJson, AHeartbeatArrivesAsItWasSent) {
  EXPECT_TRUE(rc::check([] {
    const Heartbeat sent = any_heartbeat();
    const auto came = parse_heartbeat(to_json(sent));
    RC_ASSERT(came.has_value());
    RC_ASSERT(came->member == sent.member);
    RC_ASSERT(came->leaving == sent.leaving);
    RC_ASSERT(came->publishes == sent.publishes);
    RC_ASSERT(came->ring_epoch == sent.ring_epoch);
    RC_ASSERT(came->ring_nonce == sent.ring_nonce);
    RC_ASSERT(came->leases == sent.leases);
    RC_ASSERT(came->newest_lease == sent.newest_lease);
    RC_ASSERT(came->catalog_revision == sent.catalog_revision);
    RC_ASSERT(came->blacklist_revision == sent.blacklist_revision);
    RC_ASSERT(came->sessions_revision == sent.sessions_revision);
    RC_ASSERT(came->cursors == sent.cursors);
    RC_ASSERT(came->order_digests == sent.order_digests);
    RC_ASSERT(came->undecided == sent.undecided);
    RC_ASSERT(came->leader_epoch == sent.leader_epoch);
    RC_ASSERT(all_same(came->blacklisted, sent.blacklisted, same_entry));
    RC_ASSERT(came->counts == sent.counts);
  }));
}

TEST(PeerJson, AReplyArrivesAsItWasSent) {
  EXPECT_TRUE(rc::check([] {
    const HeartbeatReply sent = any_reply();
    const auto came = parse_heartbeat_reply(to_json(sent));
    RC_ASSERT(came.has_value());
    RC_ASSERT(came->ring_epoch == sent.ring_epoch);
    RC_ASSERT(came->leader_epoch == sent.leader_epoch);
    RC_ASSERT(came->database_time == sent.database_time);
    RC_ASSERT(came->ring_nonce == sent.ring_nonce);
    RC_ASSERT(came->hash_key == sent.hash_key);
    RC_ASSERT(came->virtual_nodes == sent.virtual_nodes);
    RC_ASSERT(came->members == sent.members);
    RC_ASSERT(came->newest_lease == sent.newest_lease);
    RC_ASSERT(came->renewed == sent.renewed);
    RC_ASSERT(came->oldest_open == sent.oldest_open);
    RC_ASSERT(came->closed == sent.closed);
    RC_ASSERT(came->recalled == sent.recalled);
    RC_ASSERT(all_same(came->stock, sent.stock, same_stock));
    RC_ASSERT(came->catalog_revision == sent.catalog_revision);
    RC_ASSERT(all_same(came->sales, sent.sales, same_sale));
    RC_ASSERT(came->blacklist_revision == sent.blacklist_revision);
    RC_ASSERT(all_same(came->blacklist, sent.blacklist, same_entry));
    RC_ASSERT(came->epochs == sent.epochs);
    RC_ASSERT(all_same(came->orders, sent.orders, same_order));
    RC_ASSERT(came->cursors == sent.cursors);
    RC_ASSERT(came->order_digests == sent.order_digests);
    RC_ASSERT(came->more == sent.more);
    RC_ASSERT(came->start_over == sent.start_over);
    RC_ASSERT(came->sessions_revision == sent.sessions_revision);
  }));
}

TEST(PeerJson, LeasesAreAskedForAndGrantedAsSent) {
  EXPECT_TRUE(rc::check([] {
    LeaseAsk ask{any_member().holder(), any(1, kMost), any_id<SaleId>(), any(1, kMost)};
    ask.ring_nonce = any_text("0123456789abcdef", 0, 64);
    if (any_bool()) ask.known = any_sale();
    const auto asked = parse_lease_ask(to_json(ask));
    RC_ASSERT(asked.has_value());
    RC_ASSERT(
        std::tie(asked->holder, asked->number, asked->sale, asked->ring_epoch, asked->ring_nonce) ==
        std::tie(ask.holder, ask.number, ask.sale, ask.ring_epoch, ask.ring_nonce));
    RC_ASSERT(asked->known.has_value() == ask.known.has_value());
    if (ask.known) RC_ASSERT(same_sale(*asked->known, *ask.known));

    const LeaseReply reply = any_lease_reply();
    const auto came = parse_lease_reply(to_json(reply));
    RC_ASSERT(came.has_value());
    RC_ASSERT(came->refusal == reply.refusal);
    RC_ASSERT(came->lease.has_value() == reply.lease.has_value());
    if (!reply.lease) return;
    const auto parts = [](const StockLease& lease) {
      return std::tie(lease.id, lease.sale, lease.granted, lease.sold, lease.state, lease.holder);
    };
    RC_ASSERT(parts(*came->lease) == parts(*reply.lease));
  }));
}

TEST(PeerJson, AClusterReportArrivesAsItWasSent) {
  EXPECT_TRUE(rc::check([] {
    const ClusterReport sent{any(0, kMost), some<ClusterReport::Node>([] {
                               return ClusterReport::Node{any_member(), maybe_counts()};
                             })};
    const auto came = parse_cluster_report(to_json(sent));
    RC_ASSERT(came.has_value());
    RC_ASSERT(came->ring_epoch == sent.ring_epoch);
    RC_ASSERT(all_same(came->nodes, sent.nodes, [](const auto& a, const auto& b) {
      return a.member == b.member && a.counts == b.counts;
    }));
  }));
}

Heartbeat heartbeat() {
  Heartbeat heartbeat{.member = {"a", "127.0.0.1:8083", "0123456789abcdef"}};
  heartbeat.ring_epoch = 3;
  heartbeat.leases = {LeaseId{5}};
  heartbeat.blacklisted = {{UserId{7}, "too early", std::nullopt, Instant{}}};
  heartbeat.counts = CheckCounts{};
  heartbeat.counts->answers[0] = 5;
  heartbeat.counts->waits[1] = 6;
  return heartbeat;
}

HeartbeatReply reply() {
  Order order{.intent = *IdempotencyKey::parse("0123456789abcdef")};
  order.number = OrderNumber{9};
  order.sale = SaleId{1};
  order.buyer = UserId{2};
  order.slot = 1;
  order.lease = LeaseId{4};
  order.seq = 3;
  return {.ring_epoch = 1,
          .hash_key = "000102030405060708090a0b0c0d0e0f",
          .members = {{"a", "127.0.0.1:8083", "0123456789abcdef"}},
          .oldest_open = LeaseId{INT64_MAX},
          .orders = {order}};
}

/// Two releases that run side by side must understand each other: another format is another
/// protocol.
TEST(PeerJson, TheFormatStaysAsItIs) {
  EXPECT_EQ(
      to_json(heartbeat()),
      R"({"protocol":1,"member":{"node":"a","address":"127.0.0.1:8083",)"
      R"("incarnation":"0123456789abcdef"},"leaving":false,"publishes":true,"ring_epoch":3,)"
      R"("ring_nonce":"",)"
      R"("leader_epoch":0,"leases":[5],"undecided":[],"newest_lease":0,"catalog_revision":-1,)"
      R"("blacklist_revision":-1,"epochs_since":0,"sessions_revision":-1,"cursors":[],)"
      R"("last_orders":[],)"
      R"("blacklisted":[[7,"too early",null,0]],"counters":[],"counts":{"sold":5,"sold-already":0,)"
      R"("held":0,"held-already":0,"pending":0,"key-reused":0,"blacklisted":0,"not-started":0,"sale-ended":0,)"
      R"("sold-out":0,"limit-reached":0,"too-soon":0,"captcha-required":0,"busy":0,)"
      R"("unknown-product":0,"purchase-failed":0,"key-forgotten":0,"unavailable":0,)"
      R"("refused":0,"waits":[0,6,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}})");
  EXPECT_EQ(to_json(reply()),
            R"({"protocol":1,"leader_epoch":0,"database_time":0,"ring_epoch":1,"ring_nonce":"",)"
            R"("hash_key":"000102030405060708090a0b0c0d0e0f","virtual_nodes":150,)"
            R"("members":[{"node":"a","address":"127.0.0.1:8083",)"
            R"("incarnation":"0123456789abcdef"}],"newest_lease":0,"renewed":[],)"
            R"("oldest_open":9223372036854775807,"closed":[],"recalled":[],"stock":[],)"
            R"("catalog_revision":0,"sales":null,"blacklist_revision":0,"blacklist":null,)"
            R"("sessions_revision":-1,"epochs":[],)"
            R"("orders":[[9,1,2,"0123456789abcdef",1,4,"",3,0,null]],"cursors":[],)"
            R"("last_orders":[],"more":false,"start_over":false})");
  HeartbeatReply position;
  position.stock = {
      {.sale = {.id = SaleId{3}, .unleased = 5}, .leased = 2, .settled_at = Instant{}}};
  EXPECT_THAT(to_json(position), HasSubstr(R"("stock":[[3,5,2,0]])"));
  const LeaseAsk ask{"a/0123456789abcdef", 2, SaleId{1}, 3};
  EXPECT_EQ(to_json(ask), R"({"protocol":1,"holder":"a/0123456789abcdef","number":2,"sale":1,)"
                          R"("ring_epoch":3,"ring_nonce":"","known":null})");
  EXPECT_EQ(to_json(LeaseReply{.refusal = LeaseReply::Refusal::kNoUnits}),
            R"({"protocol":1,"lease":null,"refusal":"no-units"})");
}

/// What is said of a heartbeat in which `what` was replaced.
std::string refusal(std::string_view what, std::string_view by) {
  std::string text = to_json(heartbeat());
  const auto at = text.find(what);
  if (at == std::string::npos) return "nothing replaced";
  text.replace(at, what.size(), by);
  const auto parsed = parse_heartbeat(text);
  return parsed ? "accepted" : parsed.error();
}

TEST(PeerJson, SaysWhatWasWrongAndWhatWasExpected) {
  EXPECT_EQ(refusal("\"protocol\":1", "\"protocol\":2"), "protocol is 2: expected 1");
  EXPECT_EQ(refusal("\"protocol\":1,", ""), "protocol is missing: expected 1");
  EXPECT_EQ(refusal("\"leaving\":false,", ""), "leaving is missing: expected true or false");
  EXPECT_EQ(refusal("\"leaving\":false", "\"leaving\":0"), "leaving is 0: expected true or false");
  EXPECT_EQ(refusal("\"ring_epoch\":3", "\"ring_epoch\":-1"),
            "ring_epoch is -1: expected a whole number from 0");
  EXPECT_EQ(refusal("\"ring_epoch\":3", "\"ring_epoch\":3.5"),
            "ring_epoch is 3.5E0: expected a whole number from 0");
  EXPECT_EQ(refusal("[5]", "[5,0]"), "leases[1] is 0: expected a whole number from 1");
  EXPECT_EQ(refusal("[5]", "[9223372036854775808]"),
            "leases[0] is 9223372036854775808: expected a whole number from 1");
  EXPECT_EQ(refusal("[5]", "5"), "leases is 5: expected an array");
  EXPECT_EQ(refusal("\"node\":\"a\"", "\"node\":\"A#1\""),
            "member.node is \"A#1\": expected 1 to 32 characters of a-z 0-9 -");
  EXPECT_EQ(refusal("127.0.0.1:8083", "127.0.0.1"),
            "member.address is \"127.0.0.1\": expected HOST:PORT");
  EXPECT_EQ(refusal("0123456789abcdef", "xyz"),
            "member.incarnation is \"xyz\": expected 16 hexadecimal digits");
  EXPECT_EQ(refusal("[7,\"too early\",null,0]", "[7,\"too early\",null]"),
            "blacklisted[0] is an array of 3: expected an array of 4");
  EXPECT_EQ(refusal("null,0]", "null,253402300800000]"),
            "blacklisted[0][3] is 253402300800000: expected a whole number from 0 to "
            "253402300799999");
  EXPECT_EQ(refusal("\"sold\":5", "\"sold\":-5"),
            "counts.sold is -5: expected a whole number from 0");
  EXPECT_EQ(refusal("[0,6,0,", "[0,6,"), "counts.waits is an array of 27: expected an array of 28");
  EXPECT_THAT(refusal("{\"protocol\"", "{{\"protocol\""), HasSubstr("the message is no JSON: "));
  EXPECT_THAT(refusal("\"ring_nonce\":\"\"", "\"ring_nonce\":\"" + std::string(59, 'y') + "ö" +
                                                 std::string(5000, 'z') + '"'),
              HasSubstr("yyy...: expected a text of 0 to 64 bytes"));
  for (const char* text : {"", "[]", "null", "7", "\"protocol\""}) {
    EXPECT_FALSE(parse_heartbeat(text)) << text;
  }
}

TEST(PeerJson, WhatOnlyANewerPeerKnowsIsIgnored) {
  EXPECT_EQ(refusal("\"leaving\"", "\"left\":{\"at\":1},\"leaving\""), "accepted");
  EXPECT_EQ(refusal("\"node\"", "\"zone\":null,\"node\""), "accepted") << "in an object inside";
  EXPECT_EQ(refusal("null,0]", "null,0,\"by hand\"]"), "accepted") << "at the end of a row";
}

TEST(PeerJson, WhatAnOlderPeerDoesNotSendStaysAsItIs) {
  EXPECT_EQ(refusal("\"ring_nonce\":\"\",", ""), "accepted");
  EXPECT_EQ(refusal("\"epochs_since\":0,", ""), "accepted") << "a newer one need not either";
  EXPECT_EQ(refusal("\"ring_nonce\":\"\",", "\"ring_nonce\":7,"),
            "ring_nonce is 7: expected a text of 0 to 64 bytes");
  std::string text = to_json(reply());
  for (const std::string_view later :
       {"\"leader_epoch\":0,", "\"database_time\":0,", "\"virtual_nodes\":150,",
        "\"sessions_revision\":-1,", "\"last_orders\":[],", ",\"start_over\":false"}) {
    text.erase(text.find(later), later.size());
  }
  text.replace(text.find("\"stock\":[]"), 10, "\"stock\":[[3,5,2]]");
  const auto came = parse_heartbeat_reply(text);
  ASSERT_TRUE(came) << came.error();
  EXPECT_EQ(came->virtual_nodes, 150);
  EXPECT_EQ(came->stock.at(0).leased, 2);
  EXPECT_EQ(came->stock.at(0).settled_at, std::nullopt);
  EXPECT_EQ(came->sessions_revision, -1);
  EXPECT_FALSE(came->start_over);
}

TEST(PeerJson, RefusesOrdersThatCannotBe) {
  const auto refused = [](std::string_view row) {
    std::string text = to_json(reply());
    const std::string_view good = R"([9,1,2,"0123456789abcdef",1,4,"",3,0,null])";
    text.replace(text.find(good), good.size(), row);
    const auto parsed = parse_heartbeat_reply(text);
    return parsed ? "accepted" : parsed.error();
  };
  EXPECT_EQ(refused(R"([9,1,2,"0123456789abcdef",1,4,"",3,0])"), "accepted");
  EXPECT_EQ(refused(R"([9,1,2,"0123456789abcdef",null,4,"too-late",3,0])"), "accepted");
  EXPECT_EQ(refused(R"([9,1,2,"0123456789abcdef",1,4,"cancelled",3,0])"), "accepted");
  EXPECT_EQ(refused(R"([9,1,2,"0123456789abcdef",1,4,"expired",3,0,null])"), "accepted");
  EXPECT_EQ(refused(R"([9,1,2,"0123456789abcdef",1,4,"",3,0,1795000000000])"), "accepted");
  EXPECT_EQ(refused(R"([9,1,2,"0123456789abcdef",1,4,"",3,0,"soon"])"),
            "orders[0][9] is \"soon\": expected a whole number from 0 to 253402300799999");
  EXPECT_EQ(refused(R"([0,1,2,"0123456789abcdef",1,4,"",3,0])"),
            "orders[0][0] is 0: expected a whole number from 1");
  EXPECT_EQ(
      refused(R"([9,1,2,"0123456789 bcdef",1,4,"",3,0])"),
      "orders[0][3] is \"0123456789 bcdef\": expected 16 to 64 characters of A-Z a-z 0-9 - _");
  EXPECT_EQ(refused(R"([9,1,2,"0123456789abcdef",null,4,"",3,0])"),
            "orders[0][4] is null: expected a whole number from 1 to 1000000");
  EXPECT_EQ(refused(R"([9,1,2,"0123456789abcdef",1,4,"too-late",3,0])"),
            "orders[0][4] is 1: expected null, because the order failed");
  EXPECT_EQ(refused(R"([9,1,2,"0123456789abcdef",1,4,"lost",3,0])"),
            "orders[0][6] is \"lost\": expected \"\", too-late, limit-reached, no-unit, cancelled "
            "or expired");
}

TEST(PeerJson, RefusesALeaseWithAReasonWhyThereIsNone) {
  EXPECT_FALSE(parse_lease_reply(R"({"protocol":1,"lease":null,"refusal":""})"));
  const std::string lease =
      R"({"id":1,"sale":1,"granted":5,"sold":0,"state":"open","holder":"a/0123456789abcdef"})";
  EXPECT_TRUE(parse_lease_reply(R"({"protocol":1,"lease":)" + lease + R"(,"refusal":""})"));
  EXPECT_FALSE(
      parse_lease_reply(R"({"protocol":1,"lease":)" + lease + R"(,"refusal":"no-units"})"));
}

/// No bytes may do more than be refused.
TEST(PeerJson, AnyChangeOfOneByteIsReadOrRefused) {
  const std::string good = to_json(reply());
  EXPECT_TRUE(rc::check([&] {
    std::string text = good;
    text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
    const auto parsed = parse_heartbeat_reply(text);
    if (!parsed) RC_ASSERT(!parsed.error().empty());
  }));
}

}  // namespace
}  // namespace stampede::peers
