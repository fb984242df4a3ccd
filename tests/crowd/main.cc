// stampede-crowd: many buyers over many connections, each with one key, each asking until told yes
// or no, and each pending purchase followed to its outcome. Prints `started` when the first request
// is about to leave, `sold N` as it goes if asked to, and a summary at the end; exits 0 if every
// buyer was answered, 1 if some were not before --give-up, 2 for bad input.
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

#include "net/host_port.h"
#include "tests/crowd/connection.h"

namespace stampede::crowd {
namespace {

namespace asio = boost::asio;

struct Arguments {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8082;
  std::vector<std::string> check;
  std::string web;
  std::string buyers;
  std::string answers;
  std::int64_t product = 1;
  std::size_t connections = 256;
  int patience = 10;  // seconds
  int give_up = 600;  // seconds
  int longest_wait = 4;
  std::int64_t tell_every = 0;
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

Endpoint read_endpoint(const std::string& text) {
  const auto parsed = net::HostPort::parse(text);
  boost::system::error_code no_address;
  const auto address = asio::ip::make_address(parsed ? parsed->host : "", no_address);
  if (no_address || parsed->port == 0) {
    throw std::runtime_error(fmt::format("expected ADDRESS:PORT, got `{}`", text));
  }
  return {address, parsed->port};
}

Servers read_servers(const Arguments& arguments) {
  Servers servers{
      .check = {}, .web = std::nullopt, .patience = std::chrono::seconds{arguments.patience}};
  for (const std::string& text : arguments.check) servers.check.push_back(read_endpoint(text));
  if (servers.check.empty()) {
    servers.check.emplace_back(asio::ip::make_address(arguments.address), arguments.port);
  }
  if (!arguments.web.empty()) servers.web = read_endpoint(arguments.web);
  return servers;
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
  const Servers servers = read_servers(arguments);
  AnswerLog log(arguments.answers);
  auto shoppers = read_shoppers(arguments.buyers);
  const std::size_t buyers = shoppers.size();
  Crowd crowd({.product = arguments.product,
               .host = fmt::format("{}:{}", servers.check[0].address().to_string(),
                                   servers.check[0].port()),
               .seed = arguments.seed,
               .longest_wait = arguments.longest_wait,
               .tell_every = arguments.tell_every},
              std::move(shoppers), log);
  asio::io_context context(1);
  const auto begin = Clock::now();
  const auto give_up = begin + std::chrono::seconds{arguments.give_up};
  const auto rethrow = [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  };
  for (std::size_t i = 0; i < arguments.connections; ++i) {
    asio::co_spawn(context, serve_buyers(crowd, servers, i, give_up), rethrow);
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
  app.add_option("--port", arguments.port, "the shop's port");
  app.add_option("--check", arguments.check, "a cluster's validators instead, ADDRESS:PORT each");
  app.add_option("--web", arguments.web, "where a cluster's pending purchases are, ADDRESS:PORT");
  app.add_option("--buyers", arguments.buyers, "lines of `stampede mint`")->required();
  app.add_option("--answers", arguments.answers, "file for every answer, for `stampede audit`");
  app.add_option("--product", arguments.product, "what they want");
  app.add_option("--connections", arguments.connections)->check(CLI::Range(1, 20000));
  app.add_option("--patience", arguments.patience, "seconds for one answer")
      ->check(CLI::PositiveNumber);
  app.add_option("--longest-wait", arguments.longest_wait,
                 "seconds; a buyer who is refused again and again waits longer, up to this");
  app.add_option("--tell-every", arguments.tell_every, "print `sold N` at each multiple of this");
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
