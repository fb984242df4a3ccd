#include "repositories/sql/orders/quarantine.h"

#include <gtest/gtest.h>
#include <soci/soci.h>

#include <string>
#include <string_view>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

struct QuarantineTest : OnEveryEngine {};
INSTANTIATE_TEST_SUITE_P(On, QuarantineTest, every_engine(), testing::PrintToStringParamName());

TEST_P(QuarantineTest, KeepsWhateverCame) {
  auto& quarantine = shop.repositories.quarantine();
  EXPECT_EQ(quarantine.count(), 0);
  quarantine.put(2, std::string_view("\0'\xff;--", 6), "version 9", at(5));
  quarantine.put(0, std::string(10'000, 'x'), std::string(500, '\xc3'), at(6));
  quarantine.put(0, "", "", at(7));
  EXPECT_EQ(quarantine.count(), 3);
  const auto column = [&](const std::string& sql) {
    return shop.database.read([&](soci::session& session) {
      std::string text;
      session << sql, soci::into(text);
      return text;
    });
  };
  EXPECT_EQ(column("SELECT body FROM quarantine WHERE shard = 2"), "0027ff3b2d2d");
  EXPECT_EQ(column("SELECT reason FROM quarantine WHERE shard = 2"), "version 9");
  EXPECT_EQ(column("SELECT body FROM quarantine WHERE created_at = 6").size(), 16'000U);
  EXPECT_EQ(column("SELECT reason FROM quarantine WHERE created_at = 6"), std::string(200, '?'));
}

}  // namespace
}  // namespace stampede::repositories::sql
