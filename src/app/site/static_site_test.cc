#include "app/site/static_site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>
#include <iterator>

#include "app/site/gzip.h"
#include "tests/support/temp_dir.h"

namespace stampede::app {
namespace {

namespace fs = std::filesystem;
using Older = StaticSite::Older;
using test_support::TempDir;
using testing::HasSubstr;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

std::string unpacked(const std::string& packed) {
  std::string text(1000, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

class StaticSiteTest : public testing::Test {
 protected:
  StaticSite open() const { return std::move(StaticSite::open(out_)).value(); }

  TempDir folder_;
  const fs::path out_ = folder_.path() / "out";
};

TEST_F(StaticSiteTest, HoldsWhatWasPutAndTextPackedBesideIt) {
  StaticSite site = open();
  site.put("static/a.css", "body{}");
  site.put("pictures/p.png", "png");
  site.put("index.html", "<p>");
  EXPECT_FALSE(fs::exists(out_ / "index.html")) << "published before publish()";
  const auto totals = site.publish(Older::kKeep);
  EXPECT_EQ(read(out_ / "static/a.css"), "body{}");
  EXPECT_EQ(unpacked(read(out_ / "static/a.css.gz")), "body{}");
  EXPECT_EQ(unpacked(read(out_ / "index.html.gz")), "<p>");
  EXPECT_EQ(read(out_ / "pictures/p.png"), "png");
  EXPECT_FALSE(fs::exists(out_ / "pictures/p.png.gz"));
  EXPECT_EQ(totals.files, 5U);
  EXPECT_EQ(totals.changed, 5U);
  EXPECT_EQ(totals.removed, 0U);
}

TEST_F(StaticSiteTest, RefusesAFolderThatHoldsOtherThingsAndLeavesItAlone) {
  fs::create_directories(out_);
  write(out_ / "thesis.txt", "years of work");
  const auto site = StaticSite::open(out_);
  ASSERT_FALSE(site);
  EXPECT_THAT(site.error(), HasSubstr("did not make"));
  EXPECT_EQ(std::distance(fs::directory_iterator(out_), {}), 1);
  EXPECT_THAT(StaticSite::open(out_ / "thesis.txt").error(), HasSubstr("is no folder"));
}

TEST_F(StaticSiteTest, OneWriterAtATime) {
  const StaticSite site = open();
  const auto other = StaticSite::open(out_);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error(), HasSubstr("another `stampede pages`"));
}

TEST_F(StaticSiteTest, LeavesWhatHasTheSameBytesAsItIs) {
  const auto put = [this](const std::string& text) {
    StaticSite site = open();
    site.put("a.html", text);
    return site.publish(Older::kKeep);
  };
  put("one");
  const auto time = fs::file_time_type::clock::now() - std::chrono::hours{1};
  fs::last_write_time(out_ / "a.html", time);
  EXPECT_EQ(put("one").changed, 0U);
  EXPECT_EQ(fs::last_write_time(out_ / "a.html"), time);
  EXPECT_EQ(put("two").changed, 2U);
  EXPECT_EQ(read(out_ / "a.html"), "two");
}

TEST_F(StaticSiteTest, KeepsOlderFilesUntilTheyArePrunedAndStrangersForEver) {
  {
    StaticSite site = open();
    site.put("static/old.css", "old");
    site.publish(Older::kKeep);
  }
  write(out_ / "robots.txt", "put here by the operator");
  {
    StaticSite site = open();
    site.put("static/new.js", "new");
    EXPECT_EQ(site.publish(Older::kKeep).removed, 0U);
  }
  EXPECT_TRUE(fs::exists(out_ / "static/old.css"));
  StaticSite site = open();
  site.put("index.html", "now");
  EXPECT_EQ(site.publish(Older::kRemove).removed, 4U);  // with their .gz
  EXPECT_FALSE(fs::exists(out_ / "static")) << "an empty folder was left";
  EXPECT_TRUE(fs::exists(out_ / "robots.txt"));
  EXPECT_TRUE(fs::exists(out_ / "index.html"));
}

TEST_F(StaticSiteTest, ABrokenOffRunLeavesNothingBehind) {
  {
    StaticSite site = open();
    site.put("a.html", "never published");
  }
  EXPECT_FALSE(fs::exists(out_ / "a.html"));
  fs::create_directories(out_ / ".stampede-pages/new");
  write(out_ / ".stampede-pages/new/b.html", "of a run that was killed");
  StaticSite site = open();
  EXPECT_FALSE(fs::exists(out_ / ".stampede-pages/new/b.html"));
}

TEST(Gzip, IsTheSameForTheSameBytes) {
  EXPECT_EQ(gzip("text"), gzip("text"));
  EXPECT_EQ(gzip("text").substr(4, 4), std::string(4, '\0'));  // no time
  EXPECT_EQ(unpacked(gzip("")), "");
}

}  // namespace
}  // namespace stampede::app
