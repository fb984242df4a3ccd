// `stampede pages`: what it writes for a CDN is what the server of the same shop answers.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <ranges>
#include <regex>

#include "tests/support/drawn_pictures.h"
#include "tests/support/eventually.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path.string() + " cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Every file below the folder but the command's own notes, by its path.
std::map<std::string, std::string> files_below(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string path = fs::relative(entry.path(), folder).string();
    if (entry.is_regular_file() && !path.starts_with(".")) files[path] = read(entry.path());
  }
  return files;
}

/// The address that a CDN serves this file at.
std::string address_of(std::string path) {
  constexpr std::string_view kIndex = "index.html";
  if (path.ends_with(kIndex)) path.resize(path.size() - kIndex.size());
  if (path.ends_with('/')) path.pop_back();
  return "/" + path;
}

class PagesTest : public testing::Test {
 protected:
  void add_picture(ProductId product) {
    const fs::path file = folder_.path() / "lamp.png";
    std::ofstream(file, std::ios::binary) << drawn_png(600, 400);
    shop_.run({"product", "picture", "add", std::to_string(product.value), file.string(), "--alt",
               "A lamp"});
  }

  CommandResult write_pages(bool prune = false) {
    std::vector<std::string> words{"pages", "--out", out_.string()};
    if (prune) words.emplace_back("--prune");
    return shop_.try_run(words);
  }

  Shop shop_;
  TempDir folder_;
  const fs::path out_ = folder_.path() / "pages";
};

TEST_F(PagesTest, AreWhatTheServerAnswers) {
  const ProductId lamp = shop_.open_sale();
  add_picture(lamp);
  const ProductId vase = shop_.add_product("Vase <&>");
  shop_.create_sale({.product = vase, .starts = "2099-01-01T00:00:00Z"});
  const ProductId unsold = shop_.add_product("Not on sale");
  ASSERT_TRUE(shop_.await_status(vase, "upcoming"));
  Buyer visitor(shop_.port());
  const std::string page = fmt::format("/product/{}", unsold.value);
  // The last that was added is known, and so is all the rest.
  ASSERT_TRUE(eventually(kPatience, [&] { return visitor.get(page).status == 200; }));
  const CommandResult result = write_pages();
  ASSERT_EQ(result.exit, 0) << result.err;
  const auto files = files_below(out_);
  EXPECT_THAT(result.out, HasSubstr(fmt::format("{} files, ", files.size())));

  std::size_t compared = 0;
  for (const auto& [path, bytes] : files) {
    if (path.ends_with(".gz")) continue;
    const auto response = visitor.get(address_of(path));
    EXPECT_EQ(response.status, path == "404.html" ? 404 : 200) << path;
    EXPECT_EQ(response.body, bytes) << path;
    ++compared;
  }
  EXPECT_EQ(files.count("index.html"), 1U);
  EXPECT_EQ(files.count(fmt::format("product/{}/index.html", lamp.value)), 1U);
  EXPECT_EQ(files.count("product/3/index.html"), 1U);
  EXPECT_THAT(files.at("index.html"), HasSubstr("src=\"/pictures/"));
  const auto is_picture = [](const std::string& path) {
    return path.starts_with("pictures/") && !path.ends_with(".gz");
  };
  EXPECT_EQ(std::ranges::count_if(std::views::keys(files), is_picture), 4) << "two sizes, twice";
  EXPECT_GE(compared, 10U);
}

TEST_F(PagesTest, NameOnlyWhatIsThere) {
  add_picture(shop_.open_sale());
  ASSERT_EQ(write_pages().exit, 0);
  const auto files = files_below(out_);
  const std::regex named(R"re((?:(?:src|href)="|srcset="|w, )/((?:static|pictures)/[^" ]+)[" ])re");
  for (const char* page : {"index.html", "product/1/index.html", "404.html"}) {
    const std::string& html = files.at(page);
    int names = 0;
    for (std::sregex_iterator name(html.begin(), html.end(), named), end; name != end; ++name) {
      EXPECT_EQ(files.count((*name)[1]), 1U) << page << " names " << (*name)[1];
      ++names;
    }
    EXPECT_GE(names, 3) << page;
  }
}

TEST_F(PagesTest, AreTheSameBytesForTheSameShopAndTouchNothingThen) {
  shop_.open_sale();
  ASSERT_EQ(write_pages().exit, 0);
  const auto before = files_below(out_);
  const CommandResult again = write_pages();
  EXPECT_THAT(again.out, HasSubstr(" 0 of them new or changed; 0 older ones removed"));
  fs::remove_all(out_);
  ASSERT_EQ(write_pages().exit, 0);
  EXPECT_EQ(files_below(out_), before);
}

TEST_F(PagesTest, OlderFilesGoOnlyWhenTheyArePruned) {
  shop_.open_sale();
  ASSERT_EQ(write_pages().exit, 0);
  // As if an older release had made it.
  const fs::path manifest = out_ / ".stampede-pages/manifest";
  std::ofstream(manifest, std::ios::app) << "static/shop-0000000000000000.css\n";
  std::ofstream(out_ / "static/shop-0000000000000000.css") << "old";
  ASSERT_EQ(write_pages().exit, 0);
  EXPECT_EQ(files_below(out_).count("static/shop-0000000000000000.css"), 1U);
  EXPECT_THAT(write_pages(true).out, HasSubstr("1 older ones removed"));
  EXPECT_EQ(files_below(out_).count("static/shop-0000000000000000.css"), 0U);
  EXPECT_EQ(files_below(out_).count("index.html"), 1U);
}

TEST_F(PagesTest, RefuseAFolderThatHoldsOtherThings) {
  fs::create_directories(out_);
  std::ofstream(out_ / "notes.txt") << "mine";
  const CommandResult result = write_pages();
  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.err, HasSubstr(out_.string() + " holds files that `stampede pages` did not"));
  EXPECT_EQ(files_below(out_).size(), 1U);
  EXPECT_EQ(shop_.try_run({"pages"}).exit, 2) << "without --out";
}

}  // namespace
}  // namespace stampede::test_support
