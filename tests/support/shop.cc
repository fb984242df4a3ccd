#include "tests/support/shop.h"

#include <fmt/format.h>

#include <sstream>
#include <stdexcept>

#include "tests/support/eventually.h"

namespace stampede::test_support {

Shop::Shop(std::filesystem::path data, Environment environment)
    : environment_(std::move(environment)) {
  if (data.empty()) {
    own_folder_.emplace();
    data = own_folder_->path() / "data";
  }
  data_ = std::move(data);
  start();
}

void Shop::start() {
  server_.emplace(ServerProcess::Options{.data = data_,
                                         .port = port_,
                                         .console_port = console_port_,
                                         .environment = environment_,
                                         .arguments = {}});
  port_ = server_->port();
  console_port_ = server_->console_port();
}

int Shop::stop() { return server_->terminate(); }

void Shop::kill() { server_->kill(); }

ProductId Shop::open_sale(SaleOptions options) {
  if (!options.product) options.product = add_product();
  create_sale(options);
  const std::string_view status = options.starts.empty() ? "on" : "upcoming";
  if (!await_status(options.product, status)) {
    throw std::runtime_error("the server does not know the new sale: " + server_->log());
  }
  return options.product;
}

bool Shop::await_status(ProductId product, std::string_view status,
                        std::chrono::milliseconds timeout) {
  Buyer visitor(port_);
  return eventually(timeout, [&] {
    const auto response = visitor.get(fmt::format("/product/{}/state", product.value));
    if (response.status != 200) return false;
    return boost::json::parse(response.body).at("status").as_string() == status;
  });
}

std::string Shop::mint_pass(UserId buyer, ProductId product, const std::string& key) {
  std::istringstream line(run({"mint", "--users", fmt::format("{0}-{0}", buyer.value), "--product",
                               std::to_string(product.value), "--key", key}));
  std::string id, sign, pass;
  line >> id >> sign >> pass;
  return pass;
}

Buyer Shop::buyer(std::int64_t id) {
  auto minted = mint(id, id);
  return {port_, minted.at(0).id, std::move(minted[0].sign)};
}

std::int64_t Shop::audited_orders() const {
  std::int64_t orders = 0;
  const boost::json::value result = audit();
  for (const auto& sale : result.at("sales").as_array()) orders += sale.at("live").as_int64();
  return orders;
}

}  // namespace stampede::test_support
