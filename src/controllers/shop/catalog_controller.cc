#include "controllers/shop/catalog_controller.h"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <optional>
#include <string>

#include "controllers/json_response.h"
#include "controllers/page_response.h"
#include "controllers/parse_id.h"
#include "identity/random.h"
#include "services/purchase/poll_after.h"

namespace stampede::controllers {
namespace {

constexpr int kListSeconds = 1;
/// The page's script asks for the state, so an old page shows old facts for a moment only.
constexpr int kProductSeconds = 5;

}  // namespace

void CatalogController::add_routes(http::Router& router) {
  const auto add = [&](const char* path, auto handler) {
    router.get(path, [this, handler](http::Request& request, http::Responder responder) {
      responder((this->*handler)(request));
    });
  };
  add("/", &CatalogController::sale_list);
  add("/product/{id}", &CatalogController::product);
  add("/product/{id}/state", &CatalogController::state);
  router.get("/time", [this](http::Request&, http::Responder responder) { responder(time()); });
  router.otherwise([this](http::Request& request, http::Responder responder) {
    responder(unknown_path(request));
  });
}

http::Response CatalogController::sale_list(const http::Request& request) const {
  const auto sales = services_.sales.all(clock_());
  return document(request, services_.shared_pages.sales(sales), kListSeconds);
}

http::Response CatalogController::product(const http::Request& request) const {
  const Now now = clock_();
  if (const auto wait = services_.bucket.refuse(request.client_address, now.tick)) {
    return busy(request, *wait);
  }
  const auto id = parse_id<ProductId>(request.path_parameters[0]);
  std::optional<Document> found;
  if (id) found = services_.shared_pages.product(*id, services_.sales.of_product(*id, now));
  if (!found) {
    return refuse(
        request, services_.pages,
        {404, "unknown-product", "No such product", "There is no product of this number."});
  }
  return document(request, *found, kProductSeconds, services_.product_policy);
}

/// Its page asks again by itself, without a script. Whole seconds are what a browser can wait; so
/// that a crowd which came in one second does not return in one, half of it waits one more.
http::Response CatalogController::busy(const http::Request& request,
                                       std::chrono::milliseconds wait) const {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count() +
                       static_cast<std::int64_t>(identity::random_number() % 2);
  const Refusal refusal{
      .status = 429,
      .type = "busy",
      .title = "A great many people are here",
      .detail = fmt::format("More visitors ask for this page than it can take in. It asks again by "
                            "itself in {} second{}.",
                            seconds, seconds == 1 ? "" : "s"),
      .retry_after = std::chrono::seconds{seconds}};
  http::Response response = request.wants_json()
                                ? refuse(request, services_.pages, refusal)
                                : page(refusal.status, services_.shared_pages.busy(refusal));
  response.with("Retry-After", std::to_string(seconds));
  return response;
}

http::Response CatalogController::state(const http::Request& request) const {
  const auto id = parse_id<ProductId>(request.path_parameters[0]);
  const Now clocks = clock_();
  std::optional<services::purchase::SaleView> view;
  if (id) view = services_.sales.of_product(*id, clocks);
  if (!view) return http::problem(404, "unknown-product", "There is no sale of that product.");
  const Sale& sale = view->sale;
  boost::json::object state;
  state["status"] = to_string(view->status);
  state["sale"] = sale.id.value;
  state["starts_at"] = format_rfc3339(sale.starts_at);
  state["ends_at"] = nullptr;
  if (sale.ends_at) state["ends_at"] = format_rfc3339(*sale.ends_at);
  state["price_cents"] = sale.price_cents;
  state["limit"] = sale.per_buyer_limit;
  state["captcha"] = sale.captcha;
  state["poll_after_ms"] = nullptr;
  if (const auto wait = services::purchase::poll_after(sale, view->status, clocks.wall)) {
    state["poll_after_ms"] = wait->count();
  }
  http::Response response = json_response(200, state);
  response.with("Cache-Control", "public, max-age=1");
  return response;
}

http::Response CatalogController::time() const {
  boost::json::object time;
  put_time(time, clock_().wall);
  http::Response response = json_response(200, time);
  response.with("Cache-Control", "no-store");
  return response;
}

http::Response CatalogController::unknown_path(const http::Request& request) const {
  return refuse(request, services_.pages,
                {404, "not-found", "Nothing here", "There is no page at this address."});
}

}  // namespace stampede::controllers
