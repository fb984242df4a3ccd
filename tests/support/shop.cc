#include "tests/support/shop.h"

#include <fmt/format.h>

#include <chrono>
#include <sstream>
#include <stdexcept>
#include <string_view>

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

/// On the ports of before, if it ran before. Another process may have been given one meanwhile,
/// most often for a connection that soon ends.
void Shop::start() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (server_.reset(); !server_;) {
    try {
      server_.emplace(ServerProcess::Options{.data = data_,
                                             .port = port_,
                                             .console_port = console_port_,
                                             .environment = environment_,
                                             .arguments = {}});
    } catch (const std::runtime_error& error) {
      const bool taken =
          std::string_view(error.what()).find("Address already in use") != std::string_view::npos;
      if (!taken || port_ == 0 || std::chrono::steady_clock::now() > deadline) throw;
    }
  }
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

bool Shop::await_status(ProductId product, std::string_view status) {
  return eventually(kPatience, [&] { return has_status(product, status); }) &&
         (status != "on" || eventually(kPatience, [&] { return has_units(); }));
}

void Shop::await_orders_known() {
  if (!eventually(kPatience, [&] { return metrics().contains("\nstampede_orders_known 1\n"); })) {
    throw std::runtime_error("the server never knew its orders: " + server_->log());
  }
}

bool Shop::has_status(ProductId product, std::string_view status) {
  const auto response = Buyer(port_).get(fmt::format("/product/{}/state", product.value));
  if (response.status != 200) return false;
  return boost::json::parse(response.body).at("status").as_string() == status;
}

/// The server says that a sale is on a moment before it has leased the units.
bool Shop::has_units() {
  std::int64_t units = 0;
  const boost::json::value sales = boost::json::parse(run({"sale", "list", "--json"}));
  for (const auto& sale : sales.as_array()) {
    if (sale.at("status") != "on") continue;
    units += sale.at("quantity").as_int64() - sale.at("sold").as_int64();
  }
  return metrics().contains(fmt::format("\nstampede_units_in_memory {}\n", units));
}

std::string Shop::metrics() { return Buyer(console_port_).get("/metrics").body; }

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
  for (const auto& sale : result.at("sales").as_array()) orders += sale.at("active").as_int64();
  return orders;
}

}  // namespace stampede::test_support
