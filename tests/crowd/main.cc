// stampede-crowd: many buyers over many connections, each with one key, each asking until told yes
// or no. Prints `started` when the first request is about to leave and a summary at the end; exits
// 0 if every buyer was answered, 1 if some were not before --give-up, 2 for bad input.
#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fstream>
#include <random>
#include <sstream>

#include "tests/crowd/connection.h"

namespace stampede::crowd {
namespace {

namespace asio = boost::asio;

struct Arguments {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8082;
  std::string buyers;
  std::string answers;
  std::int64_t product = 1;
  int connections = 256;
  int give_up = 600;  // seconds
  std::uint64_t seed = std::random_device{}();
};

/// Lines of `stampede mint`: uid sign [pass].
std::vector<Shopper> read_shoppers(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  std::vector<Shopper> shoppers;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    Shopper shopper;
    if (!(words >> shopper.buyer >> shopper.sign)) {
      throw std::runtime_error(fmt::format("{}:{}: expected `uid sign [pass]`, got `{}`", path,
                                           shoppers.size() + 1, line));
    }
    words >> shopper.pass;
    shoppers.push_back(std::move(shopper));
  }
  return shoppers;
}

asio::awaitable<void> show_progress(const Crowd& crowd, std::size_t buyers) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (!crowd.finished()) {
    fmt::print(stderr, "\r{} of {} answered, {} sold ", buyers - crowd.undecided(), buyers,
               crowd.sold());
    timer.expires_after(std::chrono::milliseconds{200});
    co_await timer.async_wait(asio::use_awaitable);
  }
  fmt::print(stderr, "\n");
}

int run(const Arguments& arguments) {
  AnswerLog log(arguments.answers);
  auto shoppers = read_shoppers(arguments.buyers);
  const std::size_t buyers = shoppers.size();
  Crowd crowd({.product = arguments.product,
               .host = fmt::format("{}:{}", arguments.address, arguments.port),
               .seed = arguments.seed},
              std::move(shoppers), log);
  const asio::ip::tcp::endpoint server(asio::ip::make_address(arguments.address), arguments.port);
  asio::io_context context(1);
  const auto begin = Clock::now();
  const auto give_up = begin + std::chrono::seconds{arguments.give_up};
  const auto rethrow = [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  };
  for (int i = 0; i < arguments.connections; ++i) {
    asio::co_spawn(context, serve_buyers(crowd, server, give_up), rethrow);
  }
  if (isatty(STDERR_FILENO) != 0) {
    asio::co_spawn(context, show_progress(crowd, buyers), asio::detached);
  }
  fmt::print("started\n");
  std::fflush(stdout);
  context.run();
  log.close();
  fmt::print("seed       {}\n{}", arguments.seed, crowd.summary(Clock::now() - begin));
  return crowd.finished() ? 0 : 1;
}

}  // namespace
}  // namespace stampede::crowd

int main(int argc, char** argv) {
  stampede::crowd::Arguments arguments;
  CLI::App app("Buyers who ask until they are answered, and a record of every answer");
  app.add_option("--address", arguments.address, "the shop's address");
  app.add_option("--port", arguments.port, "the shop's port")->required();
  app.add_option("--buyers", arguments.buyers, "lines of `stampede mint`")->required();
  app.add_option("--answers", arguments.answers, "file for every answer, for `stampede audit`");
  app.add_option("--product", arguments.product, "what they want");
  app.add_option("--connections", arguments.connections)->check(CLI::Range(1, 20000));
  app.add_option("--give-up", arguments.give_up, "seconds")->check(CLI::PositiveNumber);
  app.add_option("--seed", arguments.seed, "of the order, the keys and the waits");
  try {
    app.parse(argc, argv);
    return stampede::crowd::run(arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "stampede-crowd: {}\n", error.what());
    return 2;
  }
}
