// How many events a second are delivered to one receiver on this machine, which answers at once:
// the schedule, the threads and the writes that `serve` and the leader have, on SQLite in the
// temporary folder. The receiver is in the same process. Prints the rate, beside that of an
// endpoint that never answers. bench/webhooks runs it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "repositories/sql/repositories.h"
#include "schedules/periodic.h"
#include "schedules/periods.h"
#include "schedules/webhooks/webhook_deliveries.h"
#include "services/orders/order_writer.h"
#include "services/webhooks/delivery_window.h"
#include "services/webhooks/signing.h"
#include "tests/support/webhook_receiver.h"
#include "web_requests/curl/curl_web_requests.h"

namespace stampede {
namespace {

using repositories::sql::Database;
using repositories::sql::Repositories;
using test_support::WebhookReceiver;
using Clock = std::chrono::steady_clock;

constexpr std::int64_t kBatch = 1'000;

void sell(Repositories& repositories, std::int64_t orders) {
  repositories.accounts().ensure_range({1}, {orders}, {});
  const auto product = repositories.catalog().add_product({.name = "product"}, {});
  const auto sale = *repositories.catalog().create_sale({.id = {},
                                                         .product = product,
                                                         .price_cents = 1'900,
                                                         .quantity = orders,
                                                         .starts_at = {},
                                                         .ends_at = {}},
                                                        {});
  const auto lease = repositories.leases().grant(sale, orders, {}).value();
  services::orders::OrderWriter writer(repositories.order_store(), 0);
  for (std::int64_t i = 1; i <= orders;) {
    std::vector<queue::Message> batch;
    for (; i <= orders && std::ssize(batch) < kBatch; ++i) {
      batch.emplace_back(Purchase{.sale = sale,
                                  .buyer = {i},
                                  .intent = *IdempotencyKey::parse(fmt::format("{:024}", i)),
                                  .lease = lease,
                                  .created_at = {}});
    }
    writer.write(batch);
  }
}

void add(Repositories& repositories, const std::string& url) {
  repositories.webhooks().add({.id = {},
                               .url = url,
                               .secret = services::webhooks::new_secret(),
                               .previous_secret = {},
                               .created_at = {}},
                              WebhookEndpoint::kMost);
}

std::unique_ptr<web_requests::WebRequests> make_requests() {
  return std::make_unique<web_requests::CurlWebRequests>(web_requests::CurlWebRequests::Options{
      .name = "webhook",
      .threads = services::webhooks::DeliveryWindow::kAtOnce,
      .ca_file = {},
      .breaker = {.failures = std::numeric_limits<int>::max()},
      .plain_to_private = true});
}

/// Deliveries a second, until all have come.
double measure(Repositories& repositories, const std::atomic<std::size_t>& counted,
               std::size_t count) {
  const std::size_t before = counted;
  const auto begun = Clock::now();
  schedules::WebhookDeliveries deliveries(
      {.webhooks = repositories.webhooks(),
       .history = repositories.order_history(),
       .make_requests = [](const auto&) { return make_requests(); },
       .clock = read_clocks});
  schedules::Periodic schedule("webhooks", schedules::kWebhookPeriod,
                               [&deliveries] { deliveries.step(); });
  while (counted < before + count) {
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  const std::chrono::duration<double> took = Clock::now() - begun;
  schedule.stop();
  return static_cast<double>(count) / took.count();
}

void run(std::int64_t orders) {
  const auto folder = std::filesystem::temp_directory_path() /
                      fmt::format("stampede-webhooks-{}", std::random_device{}());
  std::filesystem::create_directories(folder);
  {
    Database database({.path = folder / "webhooks.db"});
    Repositories repositories(database);
    std::atomic<std::size_t> counted{0};
    WebhookReceiver receiver([&counted](const auto& delivery) {
      if (delivery.path == "/silent") return 0;
      ++counted;
      return 204;
    });
    add(repositories, receiver.url("/counted"));
    sell(repositories, orders);
    const auto count = static_cast<std::size_t>(orders);
    fmt::print("one endpoint            {:8.0f} deliveries a second\n",
               measure(repositories, counted, count));
    repositories.webhooks().replay({1}, {0});
    add(repositories, receiver.url("/silent"));
    repositories.webhooks().replay({2}, {0});
    fmt::print("beside one that is dead {:8.0f} deliveries a second\n",
               measure(repositories, counted, count));
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace stampede

int main(int argc, char** argv) {
  std::int64_t orders = 50'000;
  CLI::App app{"deliveries to webhooks per second"};
  app.add_option("--orders", orders)->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  stampede::run(orders);
}
