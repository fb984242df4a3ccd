#include "controllers/console/console_request_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/console/test_console.h"

namespace stampede::controllers {
namespace {

using test_support::body_of;
using test_support::Headers;
using testing::HasSubstr;

class ConsoleRequestFilterTest : public testing::Test {
 protected:
  /// The status of the refusal; 0: none.
  int refused(http::Method method, std::string_view path, const Headers& headers) {
    http::Request request;
    request.method = method;
    request.path = request.target = path;
    bool has_host = false;
    for (const auto& [name, value] : headers) {
      request.headers.emplace_back(name, value);
      has_host = has_host || name == "Host";
    }
    if (!has_host) request.headers.emplace_back("Host", "127.0.0.1:8080");
    const auto refusal = filter_.refuse(request);
    if (refusal) said_ = body_of(*refusal);
    return refusal ? refusal->status : 0;
  }
  int get(std::string_view path, const Headers& headers = {}) {
    return refused(http::Method::kGet, path, headers);
  }
  int post(std::string_view path, const Headers& headers = {}) {
    return refused(http::Method::kPost, path, headers);
  }

  TestConsole console_;
  HostRule hosts_{"", "127.0.0.1:8080"};
  ConsoleRequestFilter filter_{{console_.guard, hosts_}};
  std::string said_;
};

TEST_F(ConsoleRequestFilterTest, AnotherHostIsMisdirectedButForProgramsThatAskForHealthAndMetrics) {
  EXPECT_EQ(get("/login"), 0);
  for (const char* path : {"/login", "/sales", "/static/console.css", "/nothing"}) {
    EXPECT_EQ(get(path, {{"Host", "rebound.example:8080"}}), 421) << path;
    EXPECT_THAT(said_, testing::AllOf(HasSubstr("rebound.example"), HasSubstr("localhost"),
                                      HasSubstr("console.origin")));
  }
  EXPECT_EQ(post("/login", {{"Host", "rebound.example"}}), 421);
  for (const char* path : {"/healthz", "/readyz", "/metrics"}) {
    EXPECT_EQ(get(path, {{"Host", "admin.internal:8080"}}), 0) << path;
  }
}

TEST_F(ConsoleRequestFilterTest, WhatChangesSomethingComesFromNoOtherSite) {
  for (const char* site : {"cross-site", "same-site", "anything"}) {
    EXPECT_EQ(post("/login", {{"Sec-Fetch-Site", site}}), 403) << site;
    EXPECT_THAT(said_, HasSubstr("#cross-site\""));
    EXPECT_EQ(get("/login", {{"Sec-Fetch-Site", site}}), 0) << "a link may lead here";
  }
  for (const char* site : {"same-origin", "none"}) {
    EXPECT_EQ(post("/login", {{"Sec-Fetch-Site", site}}), 0) << site;
  }
  EXPECT_EQ(refused(http::Method::kOther, "/login", {{"Sec-Fetch-Site", "cross-site"}}), 403);
}

TEST_F(ConsoleRequestFilterTest, AStrangersBodyIsNotWaitedFor) {
  for (const char* path :
       {"/products/1/pictures", "/sales/new", "/logout", "/healthz", "/nothing"}) {
    EXPECT_EQ(post(path, {{"Content-Length", "1"}}), 401) << path;
    EXPECT_EQ(post(path, {{"Transfer-Encoding", "chunked"}}), 401) << path;
    EXPECT_EQ(get(path, {{"Content-Length", "1"}}), 401) << path;
  }
  EXPECT_EQ(get("/login", {{"Content-Length", "1"}}), 401);
  EXPECT_EQ(post("/logout", {{"Content-Length", "0"}}), 0) << "the guard answers where no body is";
  const std::string cookie = "operator=" + console_.cookie(console_.olga, UserRole::kViewer);
  EXPECT_EQ(post("/products/1/pictures", {{"Content-Length", "5000000"}, {"Cookie", cookie}}), 0);
}

TEST_F(ConsoleRequestFilterTest, TheLogInFormIsSmall) {
  EXPECT_EQ(post("/login", {{"Content-Length", "8192"}}), 0);
  EXPECT_EQ(post("/login", {{"Content-Length", "8193"}}), 413);
  EXPECT_EQ(post("/login", {{"Transfer-Encoding", "chunked"}}), 411);
}

}  // namespace
}  // namespace stampede::controllers
