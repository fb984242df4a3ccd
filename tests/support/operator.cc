#include "tests/support/operator.h"

#include <fmt/format.h>

#include <sstream>
#include <stdexcept>

#include "tests/support/server_process.h"

namespace stampede::test_support {

CommandResult Operator::try_run(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), stampede_binary());
  for (std::string& word : shop_option()) arguments.push_back(std::move(word));
  return run_command(arguments);
}

std::string Operator::run(std::vector<std::string> arguments) const {
  const std::string words = fmt::format("{}", fmt::join(arguments, " "));
  CommandResult result = try_run(std::move(arguments));
  if (result.exit != 0) {
    throw std::runtime_error(
        fmt::format("stampede {}: exit {}: {}{}", words, result.exit, result.err, result.out));
  }
  return std::move(result.out);
}

ProductId Operator::add_product(const std::string& name) const {
  return ProductId{std::stoll(run({"product", "add", "--name", name}))};
}

SaleId Operator::create_sale(const SaleOptions& options) const {
  std::vector<std::string> words{"sale",          "create",
                                 "--product",     std::to_string(options.product.value),
                                 "--price-cents", "1999",
                                 "--quantity",    std::to_string(options.quantity),
                                 "--limit",       std::to_string(options.limit)};
  if (!options.captcha) words.emplace_back("--no-captcha");
  if (!options.starts.empty()) words.insert(words.end(), {"--starts", options.starts});
  if (!options.ends.empty()) words.insert(words.end(), {"--ends", options.ends});
  if (options.hold_seconds > 0) {
    words.insert(words.end(), {"--hold-seconds", std::to_string(options.hold_seconds)});
  }
  return SaleId{std::stoll(run(std::move(words)))};
}

std::string Operator::mint_lines(std::int64_t first, std::int64_t last) const {
  return run({"mint", "--users", fmt::format("{}-{}", first, last)});
}

std::vector<MintedBuyer> Operator::mint(std::int64_t first, std::int64_t last) const {
  std::istringstream lines(mint_lines(first, last));
  std::vector<MintedBuyer> buyers;
  MintedBuyer buyer;
  while (lines >> buyer.id.value >> buyer.sign) buyers.push_back(buyer);
  return buyers;
}

boost::json::value Operator::audit() const { return boost::json::parse(run({"audit", "--json"})); }

}  // namespace stampede::test_support
