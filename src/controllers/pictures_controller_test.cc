#include "controllers/pictures_controller.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/fakes/fake_pictures.h"
#include "tests/support/visitor.h"

namespace stampede::controllers {
namespace {

using test_support::body_of;
using test_support::header_of;

const std::string kPng = "00112233445566778899aabbccddeeff.png";
const std::string kWebp = "ffeeddccbbaa99887766554433221100.webp";

class PicturesControllerTest : public testing::Test {
 protected:
  PicturesControllerTest() {
    for (const auto& name : {kPng, kWebp}) {
      repository_.contents[name] = "<script>content of " + name;
    }
    controller_.add_routes(router_, pool_);
    show({kPng, kWebp});
  }
  void show(const std::vector<std::string>& names) {
    Product product{.id = {1}, .name = "Fox", .description = "", .created_at = {}};
    for (const std::string& name : names) product.pictures.push_back({.id = {1}, .name = name});
    controller_.load(std::vector{product});
  }

  test_support::FakePictures repository_;
  services::catalog::Pictures pictures_{repository_};
  PicturesController controller_{pictures_};
  concurrency::WorkerPool pool_{{.name = "pictures", .threads = 1, .queue = 8}};
  http::Router router_;
  test_support::Visitor visitor_{router_};
};

TEST_F(PicturesControllerTest, WhatWasUploadedIsNeverTakenForAPage) {
  const auto response = visitor_.get("/pictures/" + kPng);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "image/png");
  EXPECT_EQ(body_of(response), "<script>content of " + kPng);
  EXPECT_EQ(header_of(response, "Content-Security-Policy"), "default-src 'none'; sandbox");
  EXPECT_EQ(header_of(response, "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(visitor_.get("/pictures/" + kWebp).content_type, "image/webp");
}

TEST_F(PicturesControllerTest, IsReadOnceAndThenShared) {
  const auto first = visitor_.get("/pictures/" + kPng);
  const auto second = visitor_.get("/pictures/" + kPng);
  EXPECT_EQ(repository_.asked, 1);
  EXPECT_EQ(first.shared_body, second.shared_body);
}

TEST_F(PicturesControllerTest, ABrowserThatHasThePictureIsToldSo) {
  const auto etag = header_of(visitor_.get("/pictures/" + kPng), "ETag");
  EXPECT_EQ(etag, '"' + kPng + '"');
  EXPECT_EQ(visitor_.get("/pictures/" + kPng, {{"If-None-Match", etag}}).status, 304);
}

TEST_F(PicturesControllerTest, NamesThatNobodyShowsCostNoLookUp) {
  for (const std::string name : {"0123456789abcdef0123456789abcdef.png", "x.png", "..%2fx"}) {
    EXPECT_EQ(visitor_.get("/pictures/" + name).status, 404) << name;
  }
  EXPECT_EQ(repository_.asked, 0);
}

TEST_F(PicturesControllerTest, WhatIsRemovedIsGone) {
  ASSERT_EQ(visitor_.get("/pictures/" + kPng).status, 200);
  show({kWebp});
  EXPECT_EQ(visitor_.get("/pictures/" + kPng).status, 404);
  EXPECT_EQ(visitor_.get("/pictures/" + kWebp).status, 200);
}

}  // namespace
}  // namespace stampede::controllers
