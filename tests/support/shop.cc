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

CommandResult Shop::try_run(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), stampede_binary());
  arguments.insert(arguments.end(), {"--data", data_.string()});
  return run_command(arguments);
}

std::string Shop::run(std::vector<std::string> arguments) const {
  const std::string words = fmt::format("{}", fmt::join(arguments, " "));
  CommandResult result = try_run(std::move(arguments));
  if (result.exit != 0) {
    throw std::runtime_error(
        fmt::format("stampede {}: exit {}: {}{}", words, result.exit, result.err, result.out));
  }
  return std::move(result.out);
}

ProductId Shop::add_product(const std::string& name) {
  return ProductId{std::stoll(run({"product", "add", "--name", name}))};
}

std::vector<std::string> sale_create_words(const SaleOptions& options) {
  std::vector<std::string> words{"sale",          "create",
                                 "--product",     std::to_string(options.product.value),
                                 "--price-cents", "1999",
                                 "--quantity",    std::to_string(options.quantity),
                                 "--limit",       std::to_string(options.limit)};
  if (!options.captcha) words.emplace_back("--no-captcha");
  if (!options.starts.empty()) words.insert(words.end(), {"--starts", options.starts});
  if (!options.ends.empty()) words.insert(words.end(), {"--ends", options.ends});
  return words;
}

std::vector<MintedBuyer> read_minted(const std::string& text) {
  std::istringstream lines(text);
  std::vector<MintedBuyer> buyers;
  MintedBuyer buyer;
  while (lines >> buyer.id.value >> buyer.sign) buyers.push_back(buyer);
  return buyers;
}

SaleId Shop::create_sale(const SaleOptions& options) {
  return SaleId{std::stoll(run(sale_create_words(options)))};
}

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

std::vector<MintedBuyer> Shop::mint(std::int64_t first, std::int64_t last) {
  return read_minted(run({"mint", "--users", fmt::format("{}-{}", first, last)}));
}

std::string Shop::mint_pass(UserId buyer, ProductId product, const std::string& key) {
  std::istringstream line(run({"mint", "--users", fmt::format("{0}-{0}", buyer.value), "--product",
                               std::to_string(product.value), "--key", key}));
  MintedBuyer minted;
  line >> minted.id.value >> minted.sign >> minted.pass;
  return minted.pass;
}

Buyer Shop::buyer(std::int64_t id) {
  auto minted = mint(id, id);
  return {port_, minted.at(0).id, std::move(minted[0].sign)};
}

boost::json::value Shop::audit() const { return boost::json::parse(run({"audit", "--json"})); }

std::int64_t Shop::audited_orders() const {
  std::int64_t live = 0;
  const boost::json::value books = audit();
  for (const auto& sale : books.at("sales").as_array()) live += sale.at("live").as_int64();
  return live;
}

}  // namespace stampede::test_support
