// api/openapi.json has every route of the shop and nothing else. That its answers are true as well
// is in tests/api.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>
#include <string>

#include "app/fronts/asset_files.h"
#include "app/fronts/test_front.h"
#include "controllers/operations_controller.h"

namespace stampede::app {
namespace {

using Operations = std::set<std::string>;  // "GET /time"

Operations operations_of(const http::Router& router) {
  Operations operations;
  for (const auto& [method, pattern] : router.routes()) {
    const bool asset = pattern.starts_with("/static/");  // a route a file
    operations.insert((method == http::Method::kPost ? "POST " : "GET ") +
                      (asset ? "/static/{file}" : pattern));
  }
  return operations;
}

/// Those of the shop's listener, or those of the console's.
Operations documented(bool on_console) {
  Operations operations;
  const auto document = boost::json::parse(openapi_document());
  for (const auto& path : document.at("paths").as_object()) {
    for (const auto& [key, operation] : path.value().as_object()) {
      if (key == "servers") continue;
      const bool console = operation.at("tags").at(0) == "operations";
      std::string method(key);
      for (char& c : method) c = static_cast<char>(c - 'a' + 'A');
      if (console == on_console) operations.insert(method + " " + std::string(path.key()));
    }
  }
  return operations;
}

TEST(OpenApi, HasEveryRouteOfTheShopAndNoOther) {
  const TestFront shop;
  EXPECT_EQ(documented(false), operations_of(shop.router));
}

TEST(OpenApi, HasTheRoutesOfOperationsApart) {
  controllers::OperationsController operations([] { return true; }, {});
  http::Router router;
  operations.add_routes(router);
  EXPECT_EQ(documented(true), operations_of(router));
}

}  // namespace
}  // namespace stampede::app
