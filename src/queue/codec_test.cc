#include "queue/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <boost/crc.hpp>
#include <limits>

namespace stampede::queue {
namespace {

constexpr std::size_t kCount = 5;  // where a body says how many entries it has
constexpr std::size_t kFirst = 6;  // where its first entry begins

std::string text_of(const Message& message) {
  if (const auto* marker = std::get_if<CloseMarker>(&message)) {
    return "marker " + std::to_string(marker->lease.value);
  }
  const auto& purchase = std::get<Purchase>(message);
  std::string text;
  for (const auto number : {purchase.sale.value, purchase.buyer.value, purchase.lease.value,
                            purchase.created_at.time_since_epoch().count()}) {
    text += std::to_string(number) + ' ';
  }
  return text.append(purchase.intent.text());
}

std::vector<std::string> texts_of(std::span<const Message> messages) {
  std::vector<std::string> texts;
  for (const Message& message : messages) texts.push_back(text_of(message));
  return texts;
}

/// Any message that may be sent.
Message any_message() {
  const auto id = [] {
    return *rc::gen::inRange<std::int64_t>(1, std::numeric_limits<std::int64_t>::max());
  };
  if (*rc::gen::inRange(0, 4) == 0) return CloseMarker{LeaseId{id()}};
  const auto length = *rc::gen::inRange<std::size_t>(16, 65);
  const auto key = *rc::gen::container<std::string>(
      length, rc::gen::elementOf(std::string("ABCXYZabcxyz0189-_")));
  const auto created = *rc::gen::inRange<std::int64_t>(0, 253'402'300'800'000);
  return Purchase{.sale = SaleId{id()},
                  .buyer = UserId{id()},
                  .intent = *IdempotencyKey::parse(key),
                  .lease = LeaseId{id()},
                  .created_at = Instant{std::chrono::milliseconds{created}}};
}

std::vector<Message> any_messages(std::size_t most) {
  const auto count = *rc::gen::inRange<std::size_t>(1, most + 1);
  std::vector<Message> messages;
  while (messages.size() < count) messages.push_back(any_message());
  return messages;
}

Purchase purchase() {
  return {.sale = SaleId{1},
          .buyer = UserId{2},
          .intent = *IdempotencyKey::parse("0123456789abcdef"),
          .lease = LeaseId{3},
          .created_at = Instant{std::chrono::milliseconds{4}}};
}

/// The body with its checksum made right again, so that only what it says is wrong.
std::string sealed(std::string body) {
  body.resize(body.size() - 4);
  boost::crc_32_type crc;
  crc.process_bytes(body.data(), body.size());
  for (int shift = 24; shift >= 0; shift -= 8) body += static_cast<char>(crc.checksum() >> shift);
  return body;
}

std::string one(const Message& message) { return encode({&message, 1}); }

std::string refusal(std::string_view body) {
  const auto decoded = decode(body);
  return decoded ? "accepted" : decoded.error();
}

TEST(Codec, WhatIsSentIsWhatArrives) {
  EXPECT_TRUE(rc::check([] {
    const auto messages = any_messages(kMaxEntries);
    const auto body = encode(messages);
    RC_ASSERT(body.size() <= kMaxBody);
    const auto decoded = decode(body);
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(texts_of(*decoded) == texts_of(messages));
  }));
}

TEST(Codec, TheFormatStaysAsItIs) {
  const std::vector<Message> messages{purchase(), CloseMarker{LeaseId{3}}};
  const std::string body = encode(messages);
  using namespace std::string_literals;
  EXPECT_EQ(body.substr(0, body.size() - 4),
            "SPOQ\1\2"s
            "\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\4"s
            "\x10"s
            "0123456789abcdef"s
            "\2\0\0\0\0\0\0\0\3"s);
}

TEST(Codec, EverySingleFlippedBitIsFound) {
  EXPECT_TRUE(rc::check([] {
    const std::string body = encode(any_messages(4));
    for (std::size_t bit = 0; bit < body.size() * 8; ++bit) {
      std::string flipped = body;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      RC_ASSERT(!decode(flipped).has_value());
    }
  }));
}

TEST(Codec, EveryTruncationAndEveryAdditionIsFound) {
  EXPECT_TRUE(rc::check([] {
    const std::string body = encode(any_messages(4));
    for (std::size_t size = 0; size < body.size(); ++size) {
      RC_ASSERT(!decode(body.substr(0, size)).has_value());
    }
    RC_ASSERT(!decode(body + *rc::gen::nonEmpty<std::string>()).has_value());
  }));
}

TEST(Codec, AnyBytesWithARightChecksumAreReadOrRefused) {
  EXPECT_TRUE(rc::check([] {
    const auto inside = *rc::gen::arbitrary<std::string>();
    const auto count = *rc::gen::inRange(0, 256);
    const std::string body = "SPOQ\1" + std::string(1, static_cast<char>(count)) + inside + "sum_";
    const auto decoded = decode(sealed(body));
    if (decoded) RC_ASSERT(encode(*decoded) == sealed(body));  // there is one way to write it
  }));
}

TEST(Codec, SaysWhatWasWrongAndWhatWasExpected) {
  const std::string good = one(purchase());
  const auto with = [&](std::size_t at, char byte) {
    std::string body = good;
    body[at] = byte;
    return sealed(body);
  };
  using testing::HasSubstr;
  EXPECT_THAT(refusal(""), HasSubstr("0 bytes: expected at least 10"));
  EXPECT_THAT(refusal(std::string(kMaxBody + 1, 'x')), HasSubstr("expected at most"));
  EXPECT_THAT(refusal(with(0, 'X')), HasSubstr("expected it to begin with SPOQ"));
  EXPECT_THAT(refusal(with(4, 2)), HasSubstr("version 2: expected version 1"));
  EXPECT_THAT(refusal(good.substr(0, good.size() - 1) + "x"), HasSubstr("CRC-32"));
  EXPECT_THAT(refusal(with(kCount, 0)), HasSubstr("0 entries: expected 1 to 100"));
  EXPECT_THAT(refusal(with(kCount, 101)), HasSubstr("101 entries: expected 1 to 100"));
  EXPECT_THAT(refusal(with(kCount, 2)), HasSubstr("entry 2 of 2: it is cut short"));
  EXPECT_THAT(refusal(with(kFirst, 3)), HasSubstr("entry 1 of 1: its kind is 3, expected 1"));
  EXPECT_THAT(refusal(with(kFirst + 33, 17)), HasSubstr("cut short"));
  EXPECT_THAT(refusal(with(kFirst + 33, 15)), HasSubstr("its key is none: expected 16 to 64"));
  EXPECT_THAT(refusal(with(kFirst + 34, '!')), HasSubstr("its key is none"));
  std::string longer = good;
  longer.insert(good.size() - 4, "x");
  EXPECT_THAT(refusal(sealed(longer)), HasSubstr("1 bytes after the last of 1 entries"));
}

TEST(Codec, RefusesIdsThatAreNoneAndTimesThatNeverWere) {
  using testing::HasSubstr;
  auto wrong = purchase();
  wrong.sale = {};
  EXPECT_THAT(refusal(one(wrong)), HasSubstr("its sale is 0, expected above 0"));
  wrong = purchase();
  wrong.buyer = UserId{-1};
  EXPECT_THAT(refusal(one(wrong)), HasSubstr("its buyer is -1, expected above 0"));
  wrong = purchase();
  wrong.lease = {};
  EXPECT_THAT(refusal(one(wrong)), HasSubstr("its lease is 0, expected above 0"));
  EXPECT_THAT(refusal(one(CloseMarker{LeaseId{-5}})), HasSubstr("its lease is -5"));
  for (const std::int64_t ms : {std::int64_t{-1}, std::int64_t{253'402'300'800'000}}) {
    wrong = purchase();
    wrong.created_at = Instant{std::chrono::milliseconds{ms}};
    EXPECT_THAT(refusal(one(wrong)), HasSubstr("expected the years 1970 to 9999"));
  }
}

}  // namespace
}  // namespace stampede::queue
