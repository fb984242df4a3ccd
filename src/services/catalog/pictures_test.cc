#include "services/catalog/pictures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <utility>
#include <vector>

#include "tests/support/drawn_pictures.h"
#include "tests/support/fakes/fake_pictures.h"
#include "tests/support/pictures.h"

namespace stampede::services::catalog {
namespace {

using repositories::AddPictureError;
using testing::HasSubstr;

class PicturesTest : public testing::Test {
 protected:
  auto add(const std::string& content, std::string_view alt = "a fox") {
    return pictures_.add(ProductId{3}, alt, content, Instant{});
  }

  test_support::FakePictures repository_;
  Pictures pictures_{repository_};
};

TEST_F(PicturesTest, IsStoredAsWhatWasEncodedAnew) {
  const std::string upload = test_support::drawn_png(1000, 500);
  const auto picture = add(upload);
  ASSERT_TRUE(picture) << picture.error();
  EXPECT_EQ(picture->id, test_support::FakePictures::kId);
  EXPECT_EQ(picture->alt, "a fox");
  EXPECT_EQ(repository_.at_most, 8U);
  // The largest JPEG is the picture itself.
  EXPECT_TRUE(picture->name.ends_with(".jpg"));
  EXPECT_EQ(picture->width, 1000);
  EXPECT_EQ(picture->height, 500);
  std::vector<std::pair<std::int32_t, PictureFormat>> versions;
  for (const PictureFile& version : picture->versions) {
    versions.emplace_back(version.width, *format_of_name(version.name));
  }
  EXPECT_THAT(versions, testing::ElementsAre(std::pair(1000, PictureFormat::kWebp),
                                             std::pair(960, PictureFormat::kJpeg),
                                             std::pair(960, PictureFormat::kWebp),
                                             std::pair(480, PictureFormat::kJpeg),
                                             std::pair(480, PictureFormat::kWebp)));
  ASSERT_EQ(repository_.added_contents.size(), 6U);
  for (const std::string& content : repository_.added_contents) EXPECT_NE(content, upload);
}

TEST_F(PicturesTest, AContentNamesItself) {
  const auto picture = add(test_support::drawn_png(1000, 500));
  EXPECT_EQ(repository_.added_contents[0].size(), picture->bytes);
  for (std::size_t i = 0; i < picture->versions.size(); ++i) {
    EXPECT_EQ(repository_.added_contents[i + 1].size(), picture->versions[i].bytes);
  }
  EXPECT_EQ(add(test_support::drawn_png(1000, 500)), picture);
  std::set<std::string> names{picture->name, add(test_support::drawn_png(1000, 501))->name};
  for (const PictureFile& version : picture->versions) names.insert(version.name);
  EXPECT_EQ(names.size(), 7U);
}

TEST_F(PicturesTest, WhatIsNoGoodPictureIsRefusedWithAReason) {
  const std::string large(5'000'001, 'x');
  const std::pair<std::string, const char*> rows[] = {
      {"", "picture: 0 bytes long; expected 1 to 5000000"},
      {large, "picture: 5000001 bytes long"},
      {"<script>", "neither PNG, JPEG nor WebP"},
      {test_support::png(10'001, 9), "10001 x 9 pixels; expected 1 to 10000 each way"},
      {test_support::png(9, 10'001), "9 x 10001 pixels"},
      {test_support::png(0, 9), "0 x 9 pixels"},
      {test_support::png(9, 0), "9 x 0 pixels"},
      {test_support::png(10'000, 10'000), "expected at most 25000000"},
      {test_support::png(9, 9), "this PNG file cannot be decoded"},
      {test_support::jpeg(9, 9), "this JPEG file cannot be decoded"},
      {test_support::webp_lossy(9, 9), "this WebP file cannot be decoded"},
  };
  repository_.added.reset();
  for (const auto& [content, says] : rows) {
    const auto refused = add(content);
    ASSERT_FALSE(refused) << says;
    EXPECT_THAT(refused.error(), HasSubstr(says));
  }
  EXPECT_FALSE(repository_.added);
}

TEST_F(PicturesTest, TheDescriptionIsText) {
  const std::string good = test_support::drawn_png(9, 9);
  EXPECT_TRUE(add(good, ""));
  EXPECT_TRUE(add(good, std::string(200, 'a')));
  EXPECT_THAT(add(good, std::string(201, 'a')).error(), HasSubstr("alt: 201 bytes long"));
  EXPECT_THAT(add(good, "\xff").error(), HasSubstr("alt: "));
  EXPECT_THAT(add(good, "two\nlines").error(), HasSubstr("control character"));
}

TEST_F(PicturesTest, WhatStorageRefusesIsSaid) {
  const std::pair<AddPictureError, const char*> rows[] = {
      {AddPictureError::kUnknownProduct, "there is no product 3"},
      {AddPictureError::kTooMany, "product 3 has 8 already"},
      {AddPictureError::kThereAlready, "product 3 has this very picture already"},
  };
  for (const auto& [error, says] : rows) {
    repository_.refused = error;
    EXPECT_THAT(add(test_support::drawn_png(9, 9)).error(), HasSubstr(says));
  }
}

TEST(PictureNameTest, OnlyAPicturesNameHasAFormat) {
  const std::string digits = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(format_of_name(digits + ".png"), PictureFormat::kPng);
  EXPECT_EQ(format_of_name(digits + ".jpg"), PictureFormat::kJpeg);
  EXPECT_EQ(format_of_name(digits + ".webp"), PictureFormat::kWebp);
  for (const std::string& name :
       {std::string{}, digits, digits + ".gif", digits + ".png ", digits + "0.png",
        digits.substr(1) + ".png", "A" + digits.substr(1) + ".png", std::string{"../x.png"}}) {
    EXPECT_FALSE(format_of_name(name)) << name;
  }
}

}  // namespace
}  // namespace stampede::services::catalog
