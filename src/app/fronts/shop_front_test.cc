#include "app/fronts/shop_front.h"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <future>
#include <semaphore>
#include <stdexcept>

#include "app/fronts/test_front.h"
#include "tests/support/fakes/fake_pictures.h"
#include "tests/support/visitor.h"

namespace stampede::app {
namespace {

/// A request whose answer nobody waits for yet.
class Asked final : public http::Exchange {
 public:
  Asked(const http::Router& router, std::string path) : path_(std::move(path)) {
    request_.method = http::Method::kGet;
    request_.target = request_.path = path_;
    router.route(request_, http::Responder(*this));
  }
  void answer(http::Response&& response) override { answered_.set_value(std::move(response)); }
  const http::Post& post() const override { return post_; }
  http::Response wait() { return answered_.get_future().get(); }

 private:
  const std::string path_;
  http::Request request_;
  std::promise<http::Response> answered_;
  const http::Post post_ = [](std::move_only_function<void()> task) { task(); };
};

TEST(ShopFront, PicturesKeepNobodyFromTheirOrders) {
  test_support::FakePictures storage;
  std::counting_semaphore<> allowed{0};
  storage.before_content = [&] {
    if (!allowed.try_acquire_for(std::chrono::seconds{10})) {
      throw std::runtime_error("the test went on without its pictures");
    }
  };
  TestFront shop(&storage);
  Product fox{.id = {1}, .name = "Fox", .description = "", .created_at = {}};
  for (const char* name :
       {"00000000000000000000000000000001.png", "00000000000000000000000000000002.png",
        "00000000000000000000000000000003.png"}) {
    fox.pictures.push_back({.id = {1}, .name = name});
    storage.contents[name] = "picture";
  }
  shop.front.show({fox});
  std::deque<Asked> pictures;
  for (const Picture& picture : fox.pictures) {
    pictures.emplace_back(shop.router, "/pictures/" + picture.name);
  }

  test_support::Visitor buyer(shop.router);
  buyer.cookies["sign"] = shop.sessions.issue(UserId{1}, 0, read_clocks().wall);
  EXPECT_EQ(buyer.get("/orders").status, 200);

  allowed.release(3);
  for (Asked& picture : pictures) EXPECT_EQ(picture.wait().status, 200);
}

}  // namespace
}  // namespace stampede::app
