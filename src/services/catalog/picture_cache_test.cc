#include "services/catalog/picture_cache.h"

#include <gtest/gtest.h>

namespace stampede::services::catalog {
namespace {

PictureCache::Content content(std::size_t bytes) {
  return std::make_shared<const std::string>(bytes, 'x');
}

TEST(PictureCacheTest, SharesWhatItKeeps) {
  PictureCache cache(100);
  EXPECT_EQ(cache.find("a"), nullptr);
  const auto a = content(10);
  cache.put("a", a);
  EXPECT_EQ(cache.find("a"), a);
  cache.put("a", content(10));
  EXPECT_EQ(cache.find("a"), a) << "a name is one content";
}

TEST(PictureCacheTest, GivesUpWhatNobodyAskedForLongest) {
  PictureCache cache(100);
  for (const char* name : {"a", "b", "c"}) cache.put(name, content(30));
  ASSERT_TRUE(cache.find("a"));
  cache.put("d", content(40));
  EXPECT_TRUE(cache.find("a"));
  EXPECT_FALSE(cache.find("b"));
  EXPECT_TRUE(cache.find("c"));
  EXPECT_TRUE(cache.find("d"));
  cache.put("e", content(100));
  EXPECT_FALSE(cache.find("a"));
  EXPECT_FALSE(cache.find("d"));
  EXPECT_TRUE(cache.find("e"));
  cache.put("f", content(101));
  EXPECT_FALSE(cache.find("f")) << "larger than all of it";
  EXPECT_TRUE(cache.find("e"));
}

TEST(PictureCacheTest, FindsAgainWhatIsStillBeingSent) {
  PictureCache cache(100);
  cache.put("a", content(60));
  auto being_sent = cache.find("a");
  cache.put("b", content(60));
  EXPECT_EQ(cache.find("a"), being_sent) << "never twice in memory";
  being_sent.reset();
  EXPECT_EQ(cache.find("a"), nullptr);
  EXPECT_TRUE(cache.find("b"));
}

TEST(PictureCacheTest, ForgetsWhatItIsToldTo) {
  PictureCache cache(60);
  cache.put("a", content(30));
  cache.put("b", content(30));
  cache.keep_only({"b", "z"});
  EXPECT_FALSE(cache.find("a"));
  EXPECT_TRUE(cache.find("b"));
  cache.put("c", content(30));
  EXPECT_TRUE(cache.find("b")) << "there was room again";
}

}  // namespace
}  // namespace stampede::services::catalog
