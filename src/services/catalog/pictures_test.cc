#include "services/catalog/pictures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST_F(PicturesTest, AContentNamesItself) {
  const auto picture = add(test_support::png(640, 480));
  ASSERT_TRUE(picture);
  EXPECT_EQ(picture->id, test_support::FakePictures::kId);
  EXPECT_EQ(picture->name, "c369d74f4fd90e3fc42b64f27f9a3b81.png");
  EXPECT_EQ(picture->width, 640);
  EXPECT_EQ(picture->height, 480);
  EXPECT_EQ(picture->bytes, 29U);
  EXPECT_EQ(picture->alt, "a fox");
  EXPECT_EQ(repository_.at_most, 8U);
  EXPECT_EQ(add(test_support::png(640, 480))->name, picture->name);
  EXPECT_NE(add(test_support::png(641, 480))->name, picture->name);
  EXPECT_TRUE(add(test_support::jpeg(9, 9))->name.ends_with(".jpg"));
  EXPECT_TRUE(add(test_support::webp_lossy(9, 9))->name.ends_with(".webp"));
}

TEST_F(PicturesTest, WhatIsNoGoodPictureIsRefusedWithAReason) {
  std::string large = test_support::png(9, 9);
  large.resize(5'000'000);
  EXPECT_TRUE(add(large));
  large += 'x';
  const std::pair<std::string, const char*> rows[] = {
      {"", "picture: 0 bytes long; expected 1 to 5000000"},
      {large, "picture: 5000001 bytes long"},
      {"<script>", "neither PNG, JPEG nor WebP"},
      {test_support::png(10'001, 9), "10001 x 9 pixels; expected 1 to 10000 each way"},
      {test_support::png(9, 10'001), "9 x 10001 pixels"},
      {test_support::png(0, 9), "0 x 9 pixels"},
      {test_support::png(9, 0), "9 x 0 pixels"},
  };
  repository_.added.reset();
  for (const auto& [content, says] : rows) {
    const auto refused = add(content);
    ASSERT_FALSE(refused) << says;
    EXPECT_THAT(refused.error(), HasSubstr(says));
  }
  EXPECT_FALSE(repository_.added);
  EXPECT_TRUE(add(test_support::png(10'000, 10'000)));
}

TEST_F(PicturesTest, TheDescriptionIsText) {
  const std::string good = test_support::png(9, 9);
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
    EXPECT_THAT(add(test_support::png(9, 9)).error(), HasSubstr(says));
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
