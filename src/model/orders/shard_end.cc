#include "model/orders/shard_end.h"

#include <bit>
#include <string_view>

namespace stampede {
namespace {

/// FNV-1a with 64 bits (RFC 9923): short inputs, and nobody gains by a collision.
class Digest {
 public:
  explicit Digest(std::uint64_t before) : value_(before) {}

  void add(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) {
      add_byte(static_cast<unsigned char>(number >> shift));
    }
  }
  void add(std::string_view text) {
    for (const char byte : text) add_byte(static_cast<unsigned char>(byte));
  }
  std::uint64_t value() const { return value_; }

 private:
  void add_byte(unsigned char byte) { value_ = (value_ ^ byte) * 0x100000001b3; }

  std::uint64_t value_;
};

}  // namespace

void ShardEnd::add(const Order& order) {
  Digest all(std::bit_cast<std::uint64_t>(digest) ^ 0xcbf29ce484222325);
  all.add(std::bit_cast<std::uint64_t>(order.seq));
  all.add(std::bit_cast<std::uint64_t>(order.sale.value));
  all.add(std::bit_cast<std::uint64_t>(order.buyer.value));
  all.add(order.intent.text());
  all.add(to_string(order.reason));
  seq = digest_seq = order.seq;
  digest = std::bit_cast<std::int64_t>(all.value());
}

}  // namespace stampede
