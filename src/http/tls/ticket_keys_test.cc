#include "http/tls/ticket_keys.h"

#include <gmock/gmock.h>

namespace stampede::http::tls {
namespace {

using std::chrono::seconds;

class TicketKeysTest : public ::testing::Test {
 protected:
  bool opens(const TicketKeys::Key& key) { return keys_.find(key.name).has_value(); }
  bool is_current(const TicketKeys::Key& key) {
    const auto found = keys_.find(key.name);
    return found && found->is_current;
  }

  TicketKeys::Clock::time_point now_{};
  TicketKeys keys_{[this] { return now_; }};
};

TEST_F(TicketKeysTest, TheKeyStaysForAPeriod) {
  const auto key = keys_.current();
  now_ += TicketKeys::kPeriod - seconds{1};
  EXPECT_EQ(keys_.current().name, key.name);
  EXPECT_EQ(keys_.find(key.name)->key.cipher, key.cipher);
  EXPECT_TRUE(is_current(key));
}

TEST_F(TicketKeysTest, ThenItOpensForOneMore) {
  const auto key = keys_.current();
  now_ += TicketKeys::kPeriod;
  const auto next = keys_.current();
  EXPECT_NE(next.name, key.name);
  EXPECT_NE(next.cipher, key.cipher);
  EXPECT_NE(next.mac, key.mac);
  EXPECT_TRUE(opens(key));
  EXPECT_FALSE(is_current(key));
  now_ += TicketKeys::kPeriod - seconds{1};
  EXPECT_TRUE(opens(key));
  EXPECT_EQ(keys_.current().name, next.name);
  now_ += seconds{1};
  EXPECT_FALSE(opens(key));
  EXPECT_TRUE(opens(next));
}

TEST_F(TicketKeysTest, AfterAQuietTimeNothingOldOpens) {
  const auto key = keys_.current();
  now_ += 2 * TicketKeys::kPeriod;
  EXPECT_FALSE(opens(key));
  EXPECT_NE(keys_.current().name, key.name);
}

TEST_F(TicketKeysTest, AStrangersNameOpensNothing) {
  auto name = keys_.current().name;
  name[0] ^= 1;
  EXPECT_FALSE(keys_.find(name));
  EXPECT_FALSE(TicketKeys().find(keys_.current().name));
}

}  // namespace
}  // namespace stampede::http::tls
