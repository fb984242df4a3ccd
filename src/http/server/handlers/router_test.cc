#include "http/server/handlers/router.h"

#include <gmock/gmock.h>

#include <optional>

namespace stampede::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Keeps the answer.
class Recorder final : public Exchange {
 public:
  void answer(Response&& response) override { answered = std::move(response); }
  const Post& post() const override { return post_; }
  std::optional<Response> answered;

 private:
  Post post_ = [](std::move_only_function<void()> task) { task(); };
};

Handler named(std::string name) {
  return [name](Request&, Responder respond) { respond(html(200, name)); };
}

struct Routed {
  int status = 0;
  std::string body;
  std::vector<std::string_view> parameters;
  std::string allow;
};

Routed routed(const Router& router, Method method, std::string_view path) {
  Recorder recorder;
  Request request;
  request.method = method;
  request.path = path;
  router.route(request, Responder(recorder));
  Routed result{recorder.answered->status, recorder.answered->body, request.path_parameters, {}};
  for (const auto& [name, value] : recorder.answered->headers) {
    if (name == "Allow") {
      result.allow = value;
    }
  }
  return result;
}

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    router.get("/", named("home"));
    router.get("/product/{id}", named("product"));
    router.get("/product/new", named("new"));
    router.get("/product/{id}/state", named("state"));
    router.get("/purchases/{sale}/{key}", named("purchase"));
    router.get("/purchases/{sale}/all", named("all"));
    router.post("/check", named("check"));
    router.get("/user/login", named("form"));
    router.post("/user/login", named("login"));
  }
  Router router;
};

TEST_F(RouterTest, FindsLiteralPaths) {
  EXPECT_EQ(routed(router, Method::kGet, "/").body, "home");
  EXPECT_EQ(routed(router, Method::kPost, "/check").body, "check");
  EXPECT_EQ(routed(router, Method::kGet, "/user/login").body, "form");
  EXPECT_EQ(routed(router, Method::kPost, "/user/login").body, "login");
}

TEST_F(RouterTest, CollectsTheNamedSegments) {
  const Routed purchase = routed(router, Method::kGet, "/purchases/7/abc");
  EXPECT_EQ(purchase.body, "purchase");
  EXPECT_THAT(purchase.parameters, ElementsAre("7", "abc"));
  EXPECT_THAT(routed(router, Method::kGet, "/product/12/state").parameters, ElementsAre("12"));
}

TEST_F(RouterTest, ALiteralWinsOverAName) {
  const Routed literal = routed(router, Method::kGet, "/product/new");
  EXPECT_EQ(literal.body, "new");
  EXPECT_THAT(literal.parameters, IsEmpty());
  EXPECT_EQ(routed(router, Method::kGet, "/purchases/7/all").body, "all");
}

TEST_F(RouterTest, HeadIsAnsweredByGet) {
  EXPECT_EQ(routed(router, Method::kHead, "/product/3").body, "product");
}

TEST_F(RouterTest, UnknownPathsAreNotFound) {
  for (const auto* path : {"/product", "/product/", "/product//state", "/product/1/2", "/Check",
                           "/check/", "//", "/purchases/1"}) {
    EXPECT_EQ(routed(router, Method::kGet, path).status, 404) << path;
  }
}

TEST_F(RouterTest, OtherMethodsAreRefusedWithAllow) {
  EXPECT_EQ(routed(router, Method::kGet, "/check").status, 405);
  EXPECT_EQ(routed(router, Method::kGet, "/check").allow, "POST");
  EXPECT_EQ(routed(router, Method::kPost, "/product/1").allow, "GET, HEAD");
  EXPECT_EQ(routed(router, Method::kOther, "/user/login").status, 405);
  EXPECT_EQ(routed(router, Method::kOther, "/user/login").allow, "GET, HEAD, POST");
}

TEST_F(RouterTest, OtherwiseTakesUnknownPaths) {
  router.otherwise(named("lost"));
  EXPECT_EQ(routed(router, Method::kGet, "/nowhere").body, "lost");
}

TEST_F(RouterTest, ListsItsRoutes) {
  const auto routes = router.routes();
  ASSERT_EQ(routes.size(), 9U);
  EXPECT_EQ(routes[6].pattern, "/check");
  EXPECT_EQ(routes[6].method, Method::kPost);
}

TEST_F(RouterTest, APatternBeginsWithASlash) {
  EXPECT_THROW(router.get("check", named("x")), std::logic_error);
}

TEST(Responder, DestroyedUnusedItAnswers500) {
  Recorder recorder;
  { const Responder responder(recorder); }
  ASSERT_TRUE(recorder.answered);
  EXPECT_EQ(recorder.answered->status, 500);
}

TEST(Responder, AnswersOnceAfterItsMoves) {
  Recorder recorder;
  Responder first(recorder);
  Responder second(std::move(first));
  first = std::move(second);
  first.reply_from_anywhere(html(200, "here"));
  ASSERT_TRUE(recorder.answered);
  EXPECT_EQ(recorder.answered->body, "here");
}

}  // namespace
}  // namespace stampede::http
