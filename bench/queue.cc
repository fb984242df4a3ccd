// How fast orders get into the queues of a broker, by the publisher of `stampede validate`: quorum
// queues, persistent messages, each order confirmed before the clock stops. Prints orders a second,
// messages, and the median and 99th percentile of publish to confirm in ms (upper bounds).
//
//   queue_rate BROKER NAME ORDERS BATCH WINDOW
//     BROKER  host:port, guest's
//     NAME    of queues that are not there yet
//     BATCH   orders of one message, 1 to 100; WINDOW: unconfirmed messages of one shard
#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <thread>

#include "queue/rabbitmq/rabbit_queue.h"
#include "queue/rabbitmq/topology.h"
#include "queue/shards.h"
#include "telemetry/log.h"

namespace stampede {
namespace {

using Clock = std::chrono::steady_clock;

std::size_t number(std::string_view name, std::string_view text) {
  std::size_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || value == 0) {
    fmt::print(stderr, "queue_rate: {} is \"{}\"; expected a number above 0\n", name, text);
    std::exit(2);
  }
  return value;
}

Purchase purchase(std::size_t i) {
  return {.sale = SaleId{1},
          .buyer = UserId{static_cast<std::int64_t>(i) + 1},
          .intent = *IdempotencyKey::parse(fmt::format("{:024}", i)),
          .lease = LeaseId{static_cast<std::int64_t>(i % queue::kShards) + queue::kShards},
          .created_at = Instant{std::chrono::milliseconds{1'790'000'000'000}}};
}

/// The upper bound of the bucket that holds this share of all, in ms.
double quantile(const telemetry::Histogram::Snapshot& times, double share) {
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < times.buckets.size(); ++i) {
    seen += times.buckets[i];
    if (static_cast<double>(seen) >= share * static_cast<double>(times.count)) {
      return static_cast<double>(1ULL << i) / 1'000;
    }
  }
  return 0;
}

int run(queue::rabbitmq::Options options, std::size_t orders) {
  queue::rabbitmq::check_broker(options);
  std::atomic<std::size_t> queued{0};
  std::atomic<std::size_t> refused{0};
  queue::rabbitmq::RabbitQueue queue(
      options, {.queued = [&](std::span<const Purchase> some) { queued += some.size(); },
                .refused = [&](std::span<const Purchase> some) { refused += some.size(); }});
  while (!queue.connected()) std::this_thread::sleep_for(std::chrono::milliseconds{1});

  const auto begun = Clock::now();
  for (std::size_t i = 0; i < orders; ++i) {
    const Purchase next = purchase(i);
    // Refused at its capacity: as fast as it goes.
    while (queue.publish(next) == queue::Published::kRefused) {
      std::this_thread::sleep_for(std::chrono::microseconds{100});
    }
  }
  const bool confirmed = queue.finish(std::chrono::minutes{5});
  const std::chrono::duration<double> took = Clock::now() - begun;
  if (!confirmed || queued != orders || refused != 0) {
    fmt::print(stderr, "queue_rate: {} of {} orders confirmed, {} refused\n", queued.load(), orders,
               refused.load());
    return 1;
  }
  const auto times = queue.statistics().confirm_time.snapshot();
  fmt::print("{:.0f} {} {:.1f} {:.1f}\n", static_cast<double>(orders) / took.count(),
             queue.statistics().messages.value(), quantile(times, 0.5), quantile(times, 0.99));
  return 0;
}

}  // namespace
}  // namespace stampede

int main(int argc, char** argv) {
  using namespace stampede;
  if (argc != 6) {
    fmt::print(stderr, "usage: queue_rate BROKER NAME ORDERS BATCH WINDOW\n");
    return 2;
  }
  telemetry::set_level(telemetry::Level::kWarning);
  queue::rabbitmq::Options options;
  options.brokers = {argv[1]};
  options.name = argv[2];
  options.max_length = 1'000'000;
  options.outbox.batch = number("BATCH", argv[4]);
  options.outbox.window = number("WINDOW", argv[5]);
  options.outbox.capacity = 20'000;
  // The figure is a rate, not how soon a broker that is slow is left alone.
  options.outbox.patience = std::chrono::minutes{5};
  options.confirm_timeout = std::chrono::minutes{2};
  try {
    return run(options, number("ORDERS", argv[3]));
  } catch (const std::exception& error) {
    fmt::print(stderr, "queue_rate: {}\n", error.what());
    return 1;
  }
}
