#include <gmock/gmock.h>
#include <soci/soci.h>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

struct ApiTokensTest : OnEveryEngine {
  static ApiToken token(const std::string& name) {
    return {.id = {},
            .name = name,
            .scopes = {ApiScope::kOrdersRead, ApiScope::kOrdersWrite},
            .created_at = at(100),
            .expires_at = std::nullopt,
            .revoked_at = std::nullopt};
  }
  ApiTokens& tokens() { return shop.repositories.api_tokens(); }
};
INSTANTIATE_TEST_SUITE_P(On, ApiTokensTest, every_engine(), testing::PrintToStringParamName());

TEST_P(ApiTokensTest, AreFoundByTheirHashAndListed) {
  EXPECT_EQ(tokens().create(token("shop"), "aa"), ApiTokenId{1});
  auto until = token("checkout");
  until.scopes = {ApiScope::kOrdersWrite};
  until.expires_at = at(900);
  EXPECT_EQ(tokens().create(until, "bb"), ApiTokenId{2});
  EXPECT_FALSE(tokens().find("cc"));
  EXPECT_FALSE(tokens().find(ApiTokenId{3}));
  const auto found = tokens().find("bb");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, ApiTokenId{2});
  EXPECT_EQ(found->name, "checkout");
  EXPECT_EQ(found->scopes, until.scopes);
  EXPECT_EQ(found->created_at, at(100));
  EXPECT_EQ(found->expires_at, at(900));
  EXPECT_FALSE(found->revoked_at);
  const auto all = tokens().list();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "shop");
  EXPECT_EQ(all[0].scopes.size(), 2U);
  EXPECT_FALSE(all[0].expires_at);
  EXPECT_EQ(tokens().find(ApiTokenId{1})->name, "shop");
}

TEST_P(ApiTokensTest, AreRevokedOnce) {
  tokens().create(token("shop"), "aa");
  EXPECT_TRUE(tokens().revoke(ApiTokenId{1}, at(500)));
  EXPECT_FALSE(tokens().revoke(ApiTokenId{1}, at(600)));
  EXPECT_EQ(tokens().find("aa")->revoked_at, at(500));
  EXPECT_FALSE(tokens().revoke(ApiTokenId{2}, at(500)));
}

TEST_P(ApiTokensTest, AScopeOfANewerReleaseIsSaid) {
  tokens().create(token("shop"), "aa");
  shop.database.write([](soci::session& session) {
    session << "UPDATE api_tokens SET scopes = 'orders:read sales:write'";
  });
  const auto error = error_of([&] { tokens().list(); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), testing::HasSubstr("sales:write"));
}

}  // namespace
}  // namespace stampede::repositories::sql
