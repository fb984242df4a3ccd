#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "peers/json.h"
#include "peers/words.h"

namespace stampede::peers {
namespace {

namespace json = boost::json;

std::int64_t plain(std::int64_t number) { return number; }
double plain(double number) { return number; }
json::string_view plain(std::string_view text) { return text; }
std::int64_t plain(Instant instant) { return instant.time_since_epoch().count(); }
template <class Tag>
std::int64_t plain(Id<Tag> id) {
  return id.value;
}

/// A message being written, in memory that goes all at once.
class Writer {
 public:
  Writer() { root_["protocol"] = kProtocol; }

  json::value& operator[](std::string_view member) { return root_[member]; }
  std::string text() const { return json::serialize(root_); }

  /// An array of what `write` makes of each item.
  template <class Items, class Write>
  json::array list(const Items& items, Write write) {
    json::array array(&memory_);
    array.reserve(items.size());
    for (const auto& item : items) array.emplace_back(write(item));
    return array;
  }
  template <class Items>
  json::array list(const Items& items) {
    return list(items, [](const auto& item) { return plain(item); });
  }
  template <class... Values>
  json::array row(const Values&... values) {
    json::array array(&memory_);
    array.reserve(sizeof...(values));
    (array.emplace_back(value(values)), ...);
    return array;
  }
  template <class Value>
  json::value value(const Value& value) {
    return json::value(plain(value), &memory_);
  }
  template <class Value>
  json::value value(const std::optional<Value>& maybe) {
    return maybe ? value(*maybe) : json::value(nullptr, &memory_);
  }

  json::object member(const Member& member) {
    json::object object(&memory_);
    object["node"] = member.node;
    object["address"] = member.address;
    object["incarnation"] = member.incarnation;
    return object;
  }
  json::object sale(const Sale& sale);
  json::array blacklist(const std::vector<BlacklistEntry>& entries) {
    return list(entries, [&](const BlacklistEntry& entry) {
      return row(entry.user, entry.reason, entry.expires_at, entry.created_at);
    });
  }
  json::array counters(const std::vector<std::pair<std::string, double>>& counters) {
    return list(counters, [&](const auto& each) { return row(each.first, each.second); });
  }

 private:
  json::monotonic_resource memory_;
  json::object root_{&memory_};
};

json::object Writer::sale(const Sale& sale) {
  json::object object(&memory_);
  object["id"] = plain(sale.id);
  object["product"] = plain(sale.product);
  object["price_cents"] = sale.price_cents;
  object["quantity"] = sale.quantity;
  object["unleased"] = sale.unleased;
  object["per_buyer_limit"] = sale.per_buyer_limit;
  object["starts_at"] = plain(sale.starts_at);
  object["ends_at"] = value(sale.ends_at);
  object["captcha"] = sale.captcha;
  return object;
}

}  // namespace

std::string to_json(const Heartbeat& heartbeat) {
  Writer out;
  out["member"] = out.member(heartbeat.member);
  out["leaving"] = heartbeat.leaving;
  out["ring_epoch"] = heartbeat.ring_epoch;
  out["leases"] = out.list(heartbeat.leases);
  out["catalog_revision"] = heartbeat.catalog_revision;
  out["blacklist_revision"] = heartbeat.blacklist_revision;
  out["epochs_since"] = plain(heartbeat.epochs_since);
  out["cursors"] = out.list(heartbeat.cursors);
  out["blacklisted"] = out.blacklist(heartbeat.blacklisted);
  out["counters"] = out.counters(heartbeat.counters);
  return out.text();
}

std::string to_json(const HeartbeatReply& reply) {
  Writer out;
  out["ring_epoch"] = reply.ring_epoch;
  out["hash_key"] = reply.hash_key;
  out["members"] = out.list(reply.members, [&](const Member& each) { return out.member(each); });
  out["newest_lease"] = plain(reply.newest_lease);
  out["renewed"] = out.list(reply.renewed);
  out["oldest_open"] = plain(reply.oldest_open);
  out["recalled"] = out.list(reply.recalled);
  out["stock"] = out.list(reply.stock, [&](const StockLevel& stock) {
    return out.row(stock.sale, stock.unleased, stock.leased_unsold);
  });
  out["catalog_revision"] = reply.catalog_revision;
  out["sales"] = nullptr;
  if (reply.sales) {
    out["sales"] = out.list(*reply.sales, [&](const Sale& sale) { return out.sale(sale); });
  }
  out["blacklist_revision"] = reply.blacklist_revision;
  out["blacklist"] = nullptr;
  if (reply.blacklist) out["blacklist"] = out.blacklist(*reply.blacklist);
  out["epochs"] = out.list(
      reply.epochs, [&](const auto& raised) { return out.row(raised.first, raised.second); });
  out["orders"] = out.list(reply.orders, [&](const Order& order) {
    const std::optional<std::int64_t> slot = order.slot;
    return out.row(order.number, order.sale, order.buyer, order.intent.text(), slot, order.lease,
                   to_string(order.reason), order.seq, order.created_at);
  });
  out["cursors"] = out.list(reply.cursors);
  out["more"] = reply.more;
  return out.text();
}

std::string to_json(const LeaseAsk& ask) {
  Writer out;
  out["holder"] = ask.holder;
  out["number"] = ask.number;
  out["sale"] = plain(ask.sale);
  out["ring_epoch"] = ask.ring_epoch;
  return out.text();
}

std::string to_json(const LeaseReply& reply) {
  Writer out;
  out["lease"] = nullptr;
  if (reply.lease) {
    out["lease"] =
        json::object{{"id", plain(reply.lease->id)},           {"sale", plain(reply.lease->sale)},
                     {"granted", reply.lease->granted},        {"sold", reply.lease->sold},
                     {"state", to_string(reply.lease->state)}, {"holder", reply.lease->holder}};
  }
  out["refusal"] = to_string(reply.refusal);
  return out.text();
}

std::string to_json(const ClusterReport& report) {
  Writer out;
  out["ring_epoch"] = report.ring_epoch;
  out["nodes"] = out.list(report.nodes, [&](const ClusterReport::Node& node) {
    json::object object = out.member(node.member);
    object["counters"] = out.counters(node.counters);
    return object;
  });
  return out.text();
}

}  // namespace stampede::peers
