#include "repositories/catalog/pictures.h"

#include <gmock/gmock.h>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kMost = 3;

Picture picture(std::string name) {
  return {.id = {},
          .name = std::move(name),
          .width = 640,
          .height = 480,
          .bytes = 5,
          .alt = "Röd \"räv\"; --"};
}

std::vector<std::string> contents(std::vector<std::string> all) { return all; }

struct PicturesTest : OnEveryEngine {
  Pictures& pictures() { return shop.repositories.pictures(); }
  std::int64_t revision() { return shop.repositories.changes()->poll()->catalog; }
  ProductId product = shop.catalog().add_product({.name = "p"}, at(1));
};
INSTANTIATE_TEST_SUITE_P(On, PicturesTest, every_engine(), testing::PrintToStringParamName());

TEST_P(PicturesTest, KeepsEveryByte) {
  std::string content;
  for (int i = 0; i < 1'000; ++i) content += static_cast<char>(i * 7);
  ASSERT_TRUE(pictures().add(product, picture("a.png"), contents({content}), kMost, at(1)));
  EXPECT_EQ(pictures().content("a.png"), content);
  EXPECT_FALSE(pictures().content("b.png"));
}

TEST_P(PicturesTest, KeepsTheLargestPicture) {
  const std::string content(5'000'000, '\xf7');
  ASSERT_TRUE(pictures().add(product, picture("a.jpg"), contents({content}), kMost, at(1)));
  EXPECT_EQ(pictures().content("a.jpg"), content);
}

TEST_P(PicturesTest, KeepsEveryVersionUntilThePictureGoes) {
  auto fox = picture("a.jpg");
  fox.versions = {{"a.webp", 640, 480, 2}, {"b.jpg", 320, 240, 3}};
  fox.id = *pictures().add(product, fox, contents({"large", "lw", "sml"}), kMost, at(1));
  auto old = picture("c.png");  // of an older release
  old.id = *pictures().add(product, old, contents({"older"}), kMost, at(1));
  EXPECT_THAT(shop.catalog().product(product)->pictures, ElementsAre(fox, old));
  EXPECT_EQ(pictures().content("a.jpg"), "large");
  EXPECT_EQ(pictures().content("a.webp"), "lw");
  EXPECT_EQ(pictures().content("b.jpg"), "sml");
  EXPECT_EQ(pictures().content("c.png"), "older");
  EXPECT_TRUE(pictures().remove(product, fox.id));
  EXPECT_FALSE(pictures().content("a.jpg"));
  EXPECT_FALSE(pictures().content("a.webp"));
  EXPECT_FALSE(pictures().content("b.jpg"));
  EXPECT_THAT(shop.catalog().products().front().pictures, ElementsAre(old));
}

TEST_P(PicturesTest, AProductCarriesItsPicturesInTheOrderTheyWereAdded) {
  const auto other = shop.catalog().add_product({.name = "q"}, at(1));
  const auto before = revision();
  auto second = picture("b.png");
  auto first = picture("c.webp");
  auto others = picture("b.png");
  first.id = *pictures().add(product, first, contents({"12345"}), kMost, at(1));
  others.id = *pictures().add(other, others, contents({"23456"}), kMost, at(1));
  second.id = *pictures().add(product, second, contents({"34567"}), kMost, at(1));
  EXPECT_GT(revision(), before);
  EXPECT_THAT(shop.catalog().product(product)->pictures, ElementsAre(first, second));
  const auto products = shop.catalog().products();
  EXPECT_THAT(products[0].pictures, ElementsAre(first, second));
  EXPECT_THAT(products[1].pictures, ElementsAre(others));
}

TEST_P(PicturesTest, RefusesTooManyAndTheSameAgain) {
  EXPECT_EQ(pictures().add({99}, picture("a.png"), contents({"a"}), kMost, at(1)),
            std::unexpected(AddPictureError::kUnknownProduct));
  for (const char* name : {"a.png", "b.png", "c.png"}) {
    ASSERT_TRUE(pictures().add(product, picture(name), contents({"a"}), kMost, at(1)));
  }
  EXPECT_EQ(pictures().add(product, picture("a.png"), contents({"a"}), kMost + 1, at(1)),
            std::unexpected(AddPictureError::kThereAlready));
  EXPECT_EQ(pictures().add(product, picture("d.png"), contents({"a"}), kMost, at(1)),
            std::unexpected(AddPictureError::kTooMany));
  EXPECT_EQ(shop.catalog().product(product)->pictures.size(), kMost);
}

TEST_P(PicturesTest, RemovesAProductsOwnPicture) {
  const auto other = shop.catalog().add_product({.name = "q"}, at(1));
  const auto id = *pictures().add(product, picture("a.png"), contents({"same"}), kMost, at(1));
  const auto others = *pictures().add(other, picture("a.png"), contents({"same"}), kMost, at(1));
  EXPECT_FALSE(pictures().remove(other, id)) << "another product's";
  const auto before = revision();
  EXPECT_TRUE(pictures().remove(product, id));
  EXPECT_GT(revision(), before);
  EXPECT_FALSE(pictures().remove(product, id));
  EXPECT_THAT(shop.catalog().product(product)->pictures, IsEmpty());
  EXPECT_EQ(pictures().content("a.png"), "same") << "the other product has it still";
  EXPECT_TRUE(pictures().remove(other, others));
  EXPECT_FALSE(pictures().content("a.png"));
}

}  // namespace
}  // namespace stampede::repositories::sql
