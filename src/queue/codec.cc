#include "queue/codec.h"

#include <boost/crc.hpp>
#include <cstdint>
#include <optional>
#include <utility>

namespace stampede::queue {
namespace {

constexpr std::string_view kMagic = "SPOQ";
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kPurchase = 1;
constexpr std::uint8_t kMarker = 2;
constexpr std::size_t kHeader = kMagic.size() + 2;
constexpr std::size_t kChecksum = 4;
constexpr std::int64_t kLastInstant = 253'402'300'799'999;  // the end of the year 9999, in ms

std::uint32_t checksum(std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

template <class Number>
void put(std::string& out, Number number) {
  for (std::size_t i = sizeof(Number); i-- > 0;) {
    out += static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i));
  }
}

void put(std::string& out, const Purchase& purchase) {
  put(out, kPurchase);
  put(out, purchase.sale.value);
  put(out, purchase.buyer.value);
  put(out, purchase.lease.value);
  put(out, static_cast<std::int64_t>(purchase.created_at.time_since_epoch().count()));
  const std::string_view key = purchase.intent.text();
  put(out, static_cast<std::uint8_t>(key.size()));
  out += key;
}

void put(std::string& out, const CloseMarker& marker) {
  put(out, kMarker);
  put(out, marker.lease.value);
}

/// Reads entries; the first thing that is wrong stays its problem().
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  std::optional<Message> entry() {
    const auto kind = number<std::uint8_t>();
    if (!kind) return std::nullopt;
    if (*kind == kPurchase) return purchase();
    if (*kind == kMarker) return marker();
    return fail("its kind is " + std::to_string(*kind) + ", expected 1 (purchase) or 2 (marker)");
  }
  std::size_t left() const { return left_.size(); }
  const std::string& problem() const { return problem_; }

 private:
  std::nullopt_t fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
    return std::nullopt;
  }

  template <class Number>
  std::optional<Number> number() {
    if (left_.size() < sizeof(Number)) return fail("it is cut short");
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
      value = value << 8 | static_cast<std::uint8_t>(left_[i]);
    }
    left_.remove_prefix(sizeof(Number));
    return static_cast<Number>(value);
  }

  std::int64_t id(const char* name) {
    const auto value = number<std::int64_t>();
    if (value && *value <= 0) {
      fail(std::string("its ") + name + " is " + std::to_string(*value) + ", expected above 0");
    }
    return value.value_or(0);
  }

  std::optional<Message> purchase() {
    const SaleId sale{id("sale")};
    const UserId buyer{id("buyer")};
    const LeaseId lease{id("lease")};
    const auto created = number<std::int64_t>();
    if (created && (*created < 0 || *created > kLastInstant)) {
      fail("its time is " + std::to_string(*created) + " ms, expected the years 1970 to 9999");
    }
    const auto length = number<std::uint8_t>();
    if (!length || left_.size() < *length) return fail("it is cut short");
    const auto key = IdempotencyKey::parse(left_.substr(0, *length));
    if (!key) fail("its key is none: expected 16 to 64 characters of A-Z a-z 0-9 - _");
    left_.remove_prefix(*length);
    if (!problem_.empty()) return std::nullopt;
    return Purchase{.sale = sale,
                    .buyer = buyer,
                    .intent = *key,
                    .lease = lease,
                    .created_at = Instant{std::chrono::milliseconds{*created}}};
  }

  std::optional<Message> marker() {
    const LeaseId lease{id("lease")};
    if (!problem_.empty()) return std::nullopt;
    return CloseMarker{lease};
  }

  std::string_view left_;
  std::string problem_;
};

std::unexpected<std::string> wrong(std::string problem) {
  return std::unexpected(std::move(problem));
}

}  // namespace

std::string encode(std::span<const Message> messages) {
  std::string body;
  body.reserve(kHeader + messages.size() * (kMaxBody / kMaxEntries) + kChecksum);
  body += kMagic;
  put(body, kVersion);
  put(body, static_cast<std::uint8_t>(messages.size()));
  for (const Message& message : messages) {
    std::visit([&](const auto& entry) { put(body, entry); }, message);
  }
  put(body, checksum(body));
  return body;
}

std::expected<std::vector<Message>, std::string> decode(std::string_view body) {
  const std::string size = std::to_string(body.size()) + " bytes";
  if (body.size() < kHeader + kChecksum) {
    return wrong(size + ": expected at least " + std::to_string(kHeader + kChecksum));
  }
  if (body.size() > kMaxBody) {
    return wrong(size + ": expected at most " + std::to_string(kMaxBody));
  }
  if (!body.starts_with(kMagic)) return wrong("no batch of orders: expected it to begin with SPOQ");
  const auto version = static_cast<std::uint8_t>(body[kMagic.size()]);
  if (version != kVersion) {
    return wrong("version " + std::to_string(version) + ": expected version 1");
  }
  std::string sum;
  put(sum, checksum(body.substr(0, body.size() - kChecksum)));
  if (!body.ends_with(sum)) return wrong("damaged on its way: its CRC-32 is another");

  const auto count = static_cast<std::uint8_t>(body[kMagic.size() + 1]);
  if (count == 0 || count > kMaxEntries) {
    return wrong(std::to_string(count) + " entries: expected 1 to " + std::to_string(kMaxEntries));
  }
  std::vector<Message> messages;
  messages.reserve(count);
  Reader reader(body.substr(kHeader, body.size() - kHeader - kChecksum));
  for (int i = 1; i <= count; ++i) {
    const auto entry = reader.entry();
    if (!entry) {
      return wrong("entry " + std::to_string(i) + " of " + std::to_string(count) + ": " +
                   reader.problem());
    }
    messages.push_back(*entry);
  }
  if (reader.left() > 0) {
    return wrong(std::to_string(reader.left()) + " bytes after the last of " +
                 std::to_string(count) + " entries: expected none");
  }
  return messages;
}

}  // namespace stampede::queue
