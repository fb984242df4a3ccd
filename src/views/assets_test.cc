#include "views/assets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace stampede::views {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

TEST(Assets, HaveWhatThePagesAskForAndAskNobodyElse) {
  for (const char* path : {"css/shop.css", "css/console.css", "js/shop.js", "js/product.js",
                           "js/pending.js", "js/console.js", "icon.svg"}) {
    EXPECT_NO_THROW(asset_url(path)) << path;
  }
  for (const Asset& asset : assets()) {
    EXPECT_FALSE(asset.bytes.empty()) << asset.path;
    if (asset.path == "icon.svg" || asset.path == "licenses.txt") continue;  // names, not requests
    EXPECT_THAT(std::string(asset.bytes), Not(HasSubstr("://"))) << asset.path;
  }
}

TEST(Assets, AddressesNameTheContentAndAreAllDifferent) {
  EXPECT_THAT(asset_url("css/shop.css"), MatchesRegex("/static/shop-[0-9a-f]{16}\\.css"));
  EXPECT_THAT(asset_url("icon.svg"), MatchesRegex("/static/icon-[0-9a-f]{16}\\.svg"));
  std::set<std::string_view> urls;
  for (const Asset& asset : assets()) EXPECT_TRUE(urls.insert(asset.url).second) << asset.url;
}

TEST(Assets, AnUnknownPathIsABrokenBinary) {
  EXPECT_THROW(asset_url("css/shoop.css"), std::logic_error);
}

TEST(Assets, AreBundledAndSmall) {
  std::size_t product_page = 0;
  for (const Asset& asset : assets()) {
    EXPECT_THAT(std::string(asset.bytes), Not(HasSubstr("import\""))) << asset.path;
    EXPECT_THAT(std::string(asset.bytes), Not(HasSubstr("sourceMappingURL"))) << asset.path;
    if (asset.path == "css/shop.css" || asset.path == "js/shop.js" ||
        asset.path == "js/product.js" || asset.path == "icon.svg") {
      product_page += asset.bytes.size();
    }
  }
  EXPECT_LT(product_page, 60'000);  // with its document below 100 KB
}

}  // namespace
}  // namespace stampede::views
