#include "controllers/console/catalog/products_controller.h"

#include <boost/json/object.hpp>
#include <expected>
#include <utility>

#include "controllers/account_response.h"
#include "controllers/console/catalog/form_values.h"
#include "controllers/console/catalog/sale_rows.h"
#include "controllers/json_response.h"
#include "controllers/page_response.h"
#include "controllers/parse_id.h"

namespace stampede::controllers {
namespace {

using services::catalog::Pictures;

struct Facts {
  ProductDetails facts;
  views::ProductForm form;  // to be shown again
  std::string error;        // empty: the facts are whole
};

Facts facts_of(const http::Request& request) {
  Facts read;
  read.facts.name = typed(request, "name");
  read.facts.description = typed(request, "description");
  const std::string list_price = typed(request, "list_price");
  if (!list_price.empty()) {
    const auto cents = parse_price("list price", list_price);
    if (cents) {
      read.facts.list_price_cents = *cents;
    } else {
      read.error = cents.error();
    }
  }
  read.form = {shown_again(read.facts.name), shown_again(read.facts.description),
               shown_again(list_price)};
  return read;
}

views::ProductForm form_of(const Product& product) {
  return {product.name, product.description,
          product.list_price_cents ? price_text(*product.list_price_cents) : ""};
}

std::string address_of(ProductId product, const char* done) {
  return "/products/" + std::to_string(product.value) + "?done=" + done;
}

/// What the page says after a change, by the word in its address.
std::string product_notice(const http::Request& request) {
  const auto done = request.query_parameter("done");
  if (done == "added") return "The product is there.";
  if (done == "changed") return "The facts are saved.";
  if (done == "removed") return "The picture is removed.";
  return "";
}

}  // namespace

void ProductsController::add_routes(http::Router& router, OperatorGuard& guard) {
  guard.get(router, "/products", [this](const auto&, const auto&, Now) { return list(); });
  guard.get(router, "/products/new", [this](const auto&, const Operator& who, Now) {
    return page(200, services_.pages.new_product({who.token, "", new_form_key()}, {}));
  });
  const auto handle = [this](auto handler) {
    return [this, handler](const http::Request& request, const Operator& who, Now now) {
      return (this->*handler)(request, who, now);
    };
  };
  guard.post(router, "/products/new", handle(&ProductsController::add));
  guard.get(router, "/products/{id}", handle(&ProductsController::show));
  guard.post(router, "/products/{id}", handle(&ProductsController::change));
  guard.post(router, "/products/{id}/pictures", handle(&ProductsController::add_picture));
  guard.post(router, "/products/{id}/pictures/{picture}/remove",
             handle(&ProductsController::remove_picture));
  guard.get(router, "/pictures/{name}", [this](const http::Request& request, const auto&, Now) {
    return shown_pictures_.picture(request);
  });
}

http::Response ProductsController::unknown_product() const {
  return page(
      404, services_.messages.message({"No such product", "There is no product of this number."}));
}

std::optional<Product> ProductsController::product_of(const http::Request& request) const {
  const auto id = parse_id<ProductId>(request.path_parameters[0]);
  return id ? services_.catalog.product(*id) : std::nullopt;
}

http::Response ProductsController::list() const {
  return page(200, services_.pages.products(services_.catalog.products()));
}

http::Response ProductsController::add(const http::Request& request, const Operator& who, Now now) {
  Facts read = facts_of(request);
  std::expected<repositories::Applied<ProductId>, std::string> added = std::unexpected(read.error);
  if (read.error.empty()) {
    added = services_.operations.add_product(services_.journal.at_console(who.id, now), read.facts,
                                             form_key(request));
  }
  if (!added) {
    return page(kRefused,
                services_.pages.new_product({who.token, added.error(), new_form_key()}, read.form));
  }
  return go_to(address_of(added->result, "added"));
}

views::ConsoleProductPage ProductsController::page_of(Product product, const Operator& who,
                                                      Now now) const {
  views::ConsoleProductPage shown;
  shown.frame.token = who.token;
  shown.form = form_of(product);
  shown.most_pictures = Pictures::kMostOfAProduct;
  for (const auto& line : services_.overview.sales()) {
    if (line.units.sale.product == product.id) shown.sales.push_back(row_of(line, now.wall));
  }
  shown.product = std::move(product);
  return shown;
}

http::Response ProductsController::show(const http::Request& request, const Operator& who,
                                        Now now) const {
  auto product = product_of(request);
  if (!product) return unknown_product();
  auto shown = page_of(*std::move(product), who, now);
  shown.notice = product_notice(request);
  return page(200, services_.pages.product(shown));
}

http::Response ProductsController::change(const http::Request& request, const Operator& who,
                                          Now now) {
  auto product = product_of(request);
  if (!product) return unknown_product();
  Facts read = facts_of(request);
  std::expected<void, std::string> changed = std::unexpected(read.error);
  if (read.error.empty()) {
    changed =
        services_.operations.change_product(services_.journal.at_console(who.id, now), product->id,
                                            [&](ProductDetails& facts) { facts = read.facts; });
  }
  if (!changed) {
    auto shown = page_of(*std::move(product), who, now);
    shown.frame.error = changed.error();
    shown.form = std::move(read.form);
    return page(kRefused, services_.pages.product(shown));
  }
  return go_to(address_of(product->id, "changed"));
}

http::Response ProductsController::add_picture(const http::Request& request, const Operator& who,
                                               Now now) {
  const auto id = parse_id<ProductId>(request.path_parameters[0]);
  if (!id) return http::problem(404, "unknown-product", "There is no product of this number.");
  const auto picture =
      services_.operations.add_picture(services_.journal.at_console(who.id, now), *id,
                                       request.query_parameter("alt").value_or(""), request.body);
  if (!picture) return http::problem(kRefused, "picture-refused", picture.error());
  boost::json::object added;
  added["id"] = picture->id.value;
  added["name"] = picture->name;
  return json_response(201, added);
}

http::Response ProductsController::remove_picture(const http::Request& request, const Operator& who,
                                                  Now now) {
  const auto id = parse_id<ProductId>(request.path_parameters[0]);
  const auto picture = parse_id<PictureId>(request.path_parameters[1]);
  if (!id || !picture ||
      !services_.operations.remove_picture(services_.journal.at_console(who.id, now), *id,
                                           *picture)) {
    return page(404, services_.messages.message(
                         {"No such picture", "The product has no picture of this number."}));
  }
  return go_to(address_of(*id, "removed"));
}

}  // namespace stampede::controllers
