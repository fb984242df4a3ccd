// The order queue on a real broker, which is started for these tests alone.
#include "tests/support/servers/rabbitmq.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <deque>
#include <future>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "concurrency/mutex.h"
#include "net/host_port.h"
#include "queue/codec.h"
#include "queue/rabbitmq/rabbit_queue.h"
#include "queue/rabbitmq/rabbit_source.h"
#include "queue/rabbitmq/topology.h"
#include "tests/support/eventually.h"
#include "tests/support/listener.h"
#include "tests/support/raw_connection.h"

namespace stampede::queue::rabbitmq {
namespace {

using std::chrono::milliseconds;
using test_support::eventually;
using test_support::RabbitmqServer;
using testing::HasSubstr;

constexpr std::chrono::seconds kPatience{30};
constexpr LeaseId kLease{4};  // of shard 0

Purchase purchase(std::int64_t buyer, LeaseId lease = kLease) {
  return {.sale = SaleId{1},
          .buyer = UserId{buyer},
          .intent = *IdempotencyKey::parse("0123456789abcdef"),
          .lease = lease,
          .created_at = {}};
}

using Buyers = std::set<std::int64_t>;

/// What the queue told of purchases.
class Told {
 public:
  Resolutions resolutions() {
    return {.queued = [this](std::span<const Purchase> some) { add(&Told::queued_, some); },
            .refused = [this](std::span<const Purchase> some) { add(&Told::refused_, some); }};
  }
  bool wait(std::size_t count) {
    const concurrency::MutexLock lock(mutex_);
    return changed_.wait_for(mutex_, kPatience, [&]() STAMPEDE_REQUIRES(mutex_) {
      return queued_.size() + refused_.size() >= count;
    });
  }
  Buyers queued() const {
    const concurrency::MutexLock lock(mutex_);
    return queued_;
  }
  Buyers refused() const {
    const concurrency::MutexLock lock(mutex_);
    return refused_;
  }

 private:
  void add(Buyers Told::*told, std::span<const Purchase> some) {
    const concurrency::MutexLock lock(mutex_);
    for (const Purchase& one : some) {
      EXPECT_FALSE(queued_.contains(one.buyer.value) || refused_.contains(one.buyer.value))
          << one.buyer.value << " is told twice";
      (this->*told).insert(one.buyer.value);
    }
    changed_.notify_all();
  }

  mutable concurrency::Mutex mutex_;
  concurrency::Condition changed_;
  Buyers queued_ STAMPEDE_GUARDED_BY(mutex_);
  Buyers refused_ STAMPEDE_GUARDED_BY(mutex_);
};

/// Buyers of purchases; a marker is 0 minus its lease.
void append_numbers(std::vector<std::int64_t>& numbers, std::span<const Message> messages) {
  for (const Message& message : messages) {
    const auto* marker = std::get_if<CloseMarker>(&message);
    numbers.push_back(marker ? -marker->lease.value : std::get<Purchase>(message).buyer.value);
  }
}

/// Between a client and the broker. Once hold() was called, a new connection is taken and never
/// answered, until the relay goes.
class Relay {
 public:
  explicit Relay(std::uint16_t broker) : broker_(broker) {
    accepting_ = std::jthread([this] { accept_all(); });
  }
  ~Relay() {
    listener_.shut();
    accepting_.join();  // from here on nobody else uses the lists
    for (const int end : ends_) shutdown(end, SHUT_RDWR);
    copying_.clear();
    for (const int end : ends_) close(end);
  }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  std::string address() const { return listener_.address(); }
  /// The next ones: nobody answers them.
  void hold(int connections = std::numeric_limits<int>::max()) { left_to_hold_ = connections; }
  int held() const { return held_; }

 private:
  void accept_all() {
    for (int client = 0; (client = listener_.accept()) >= 0;) {
      ends_.push_back(client);
      if (left_to_hold_ > 0) {
        --left_to_hold_;
        ++held_;
        continue;
      }
      test_support::RawConnection& broker = brokers_.emplace_back(broker_);
      copying_.emplace_back([=, to = broker.descriptor()] { copy(client, to); });
      copying_.emplace_back([=, from = broker.descriptor()] { copy(from, client); });
    }
  }
  static void copy(int from, int to) {
    std::array<char, 65'536> bytes;
    for (ssize_t size = 0; (size = recv(from, bytes.data(), bytes.size(), 0)) > 0;) {
      if (send(to, bytes.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL) != size) break;
    }
    shutdown(from, SHUT_RDWR);
    shutdown(to, SHUT_RDWR);
  }

  const std::uint16_t broker_;
  test_support::Listener listener_;
  std::atomic<int> left_to_hold_{0};
  std::atomic<int> held_{0};
  // Used by the accepting thread alone until it has ended:
  std::vector<int> ends_;
  std::deque<test_support::RawConnection> brokers_;
  std::vector<std::jthread> copying_;
  std::jthread accepting_;
};

class RabbitmqTest : public testing::Test {
 protected:
  RabbitmqTest() {
    static int tests = 0;
    options_.brokers = {broker_.address()};
    options_.name = "test" + std::to_string(++tests);
    options_.heartbeat = std::chrono::seconds{1};
  }

  void connect() {
    queue_.emplace(options_, told_.resolutions());
    ASSERT_TRUE(eventually(kPatience, [&] { return queue_->connected(); }));
  }
  /// Publishes what is not refused; true if it was taken.
  bool publish(std::int64_t buyer) {
    const bool taken = queue_->publish(purchase(buyer)) == Published::kSent;
    if (taken) taken_.insert(buyer);
    return taken;
  }
  /// Takes until `last` has come: the numbers that came, not acknowledged if not `done`.
  std::vector<std::int64_t> receive_to(RabbitSource& source, std::int64_t last, bool done = true) {
    std::vector<std::int64_t> numbers;
    std::vector<Message> batch;
    while ((numbers.empty() || numbers.back() != last) && source.receive(batch, 2'000)) {
      append_numbers(numbers, batch);
      if (done) source.acknowledge();
    }
    return numbers;
  }
  std::uint64_t depth(std::size_t shard = 0) { return queue_depths(options_).orders[shard]; }
  std::uint16_t broker_port() const { return net::HostPort::parse(broker_.address()).value().port; }
  void ctl(const std::vector<std::string>& arguments) { broker_.ctl(arguments); }

  RabbitmqServer& broker_ = RabbitmqServer::shared();
  Options options_;
  Told told_;
  Buyers taken_;
  std::optional<RabbitQueue> queue_;
};

std::vector<std::int64_t> numbers(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> all;
  for (std::int64_t number = first; number <= last; ++number) all.push_back(number);
  return all;
}

std::string problem_of(const Options& options, BrokerError::Kind kind) {
  try {
    check_broker(options);
  } catch (const BrokerError& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "none";
}

TEST_F(RabbitmqTest, WhatIsPublishedArrivesOnceInOrderAndInFewMessages) {
  connect();
  for (int buyer = 1; buyer <= 5'000; ++buyer) ASSERT_TRUE(publish(buyer));
  queue_->publish(CloseMarker{kLease});
  ASSERT_TRUE(told_.wait(5'000));
  EXPECT_TRUE(queue_->finish(kPatience));
  EXPECT_EQ(told_.queued(), taken_);
  EXPECT_LT(queue_->statistics().messages.value(), 500);
  EXPECT_EQ(queue_->statistics().purchases.value(), 5'000);
  EXPECT_EQ(queue_->statistics().confirm_time.snapshot().count,
            queue_->statistics().messages.value());

  RabbitSource source(options_, 0);
  auto expected = numbers(1, 5'000);
  expected.push_back(-kLease.value);
  EXPECT_EQ(receive_to(source, -kLease.value), expected);
  EXPECT_EQ(source.statistics().messages.value(), 5'001);
  EXPECT_TRUE(source.unreadable().empty());
  EXPECT_EQ(depth(), 0);
}

TEST_F(RabbitmqTest, EveryLeaseGoesToItsShard) {
  connect();
  for (std::int64_t lease = 8; lease <= 11; ++lease) {
    ASSERT_EQ(queue_->publish(purchase(lease, LeaseId{lease})), Published::kSent);
  }
  for (std::int32_t shard = 0; shard < kShards; ++shard) {
    RabbitSource source(options_, shard);
    EXPECT_THAT(receive_to(source, 8 + shard), testing::ElementsAre(8 + shard));
  }
}

TEST_F(RabbitmqTest, WhatWasNotAcknowledgedIsDeliveredAgainInOrderToTheNextConsumer) {
  connect();
  for (int buyer = 1; buyer <= 300; ++buyer) ASSERT_TRUE(publish(buyer));
  ASSERT_TRUE(told_.wait(300));
  std::optional<RabbitSource> first(std::in_place, options_, 0);
  std::vector<Message> batch;
  ASSERT_TRUE(first->receive(batch, 100));
  const auto done = static_cast<std::int64_t>(batch.size());
  first->acknowledge();
  EXPECT_EQ(receive_to(*first, 300, /*done=*/false), numbers(done + 1, 300));

  RabbitSource second(options_, 0);
  ASSERT_TRUE(eventually(kPatience, [&] { return second.connected(); }));
  for (int buyer = 301; buyer <= 310; ++buyer) {
    ASSERT_TRUE(publish(buyer));
    ASSERT_TRUE(told_.wait(taken_.size()));  // a message each
  }
  ASSERT_TRUE(eventually(kPatience, [&] {
    return first->statistics().messages.value() + second.statistics().messages.value() == 310;
  }));
  EXPECT_EQ(second.statistics().deliveries.value(), 0) << "one consumer is active at a time";
  first.reset();
  EXPECT_EQ(receive_to(second, 310), numbers(done + 1, 310));
  EXPECT_GT(second.statistics().redelivered.value(), 0);
}

TEST_F(RabbitmqTest, AnAcknowledgementOfALostConnectionIsDropped) {
  connect();
  ASSERT_TRUE(publish(1));
  std::optional<RabbitSource> source(std::in_place, options_, 0);
  EXPECT_EQ(receive_to(*source, 1, /*done=*/false), numbers(1, 1));
  ctl({"close_all_connections", "test"});
  ASSERT_TRUE(eventually(kPatience, [&] { return source->statistics().redelivered.value() == 1; }));
  source->acknowledge();
  EXPECT_EQ(receive_to(*source, 1, /*done=*/false), numbers(1, 1));
  source.reset();
  EXPECT_TRUE(eventually(kPatience, [&] { return depth() == 1; })) << "the broker still has it";

  source.emplace(options_, 0);
  ASSERT_TRUE(eventually(kPatience, [&] { return queue_->connected(); }));
  ASSERT_TRUE(publish(2));
  EXPECT_EQ(receive_to(*source, 2), numbers(1, 2));
}

TEST_F(RabbitmqTest, ABrokerThatIsKilledLosesNothingItConfirmed) {
  connect();
  for (int buyer = 1; buyer <= 2'000; ++buyer) ASSERT_TRUE(publish(buyer));
  broker_.kill();
  ASSERT_TRUE(eventually(kPatience, [&] { return !queue_->connected(); }));
  EXPECT_FALSE(publish(9'999)) << "nothing is taken while it is away";
  broker_.start();
  ASSERT_TRUE(eventually(kPatience, [&] { return publish(2'001); }));
  ASSERT_TRUE(told_.wait(taken_.size()));
  queue_->publish(CloseMarker{kLease});
  ASSERT_TRUE(queue_->finish(kPatience));
  EXPECT_GE(queue_->statistics().connections.value(), 2);

  RabbitSource source(options_, 0);
  Buyers arrived;
  for (const std::int64_t number : receive_to(source, -kLease.value)) {
    if (number > 0) arrived.insert(number);
  }
  EXPECT_EQ(arrived, told_.queued());
}

TEST_F(RabbitmqTest, WhileTheBrokerBlocksNothingIsTaken) {
  connect();
  ctl({"set_vm_memory_high_watermark", "0.0000001"});
  std::int64_t buyer = 0;
  ASSERT_TRUE(eventually(kPatience, [&] {  // the broker says so at a publish
    publish(++buyer);
    return !queue_->connected();
  }));
  EXPECT_FALSE(publish(++buyer));
  EXPECT_EQ(queue_->publish(purchase(buyer, LeaseId{5})), Published::kRefused)
      << "of a shard where nothing waits, too";
  ctl({"set_vm_memory_high_watermark", "absolute", "512MiB"});
  EXPECT_TRUE(eventually(kPatience, [&] { return publish(buyer); }));
  EXPECT_TRUE(queue_->finish(kPatience));
  EXPECT_TRUE(told_.wait(taken_.size()));
}

TEST_F(RabbitmqTest, WithoutItsQueueAPurchaseIsRefusedAndTheQueueIsMadeAgain) {
  connect();
  ASSERT_TRUE(publish(1));
  ASSERT_TRUE(told_.wait(1));
  ctl({"delete_queue", order_queue(options_, 0)});
  ASSERT_TRUE(publish(2));
  ASSERT_TRUE(told_.wait(2));
  EXPECT_EQ(told_.refused(), Buyers{2});
  EXPECT_GE(queue_->statistics().returns.value(), 1);
  std::int64_t buyer = 2;
  ASSERT_TRUE(eventually(kPatience, [&] {
    if (publish(++buyer)) {
      EXPECT_TRUE(told_.wait(taken_.size()));
    }
    return told_.queued().contains(buyer);
  }));
  RabbitSource source(options_, 0);
  EXPECT_EQ(receive_to(source, buyer), numbers(buyer, buyer));
}

TEST_F(RabbitmqTest, ADeletedQueueIsNoticedByItsConsumer) {
  RabbitSource source(options_, 0);
  ASSERT_TRUE(eventually(kPatience, [&] { return source.connected(); }));
  ctl({"delete_queue", order_queue(options_, 0)});
  ASSERT_TRUE(eventually(kPatience, [&] { return source.statistics().connections.value() == 2; }));
  connect();
  ASSERT_TRUE(publish(1));
  EXPECT_EQ(receive_to(source, 1), numbers(1, 1));
}

TEST_F(RabbitmqTest, AFullQueueTakesNothingNewAndLosesNothing) {
  options_.max_length = 5;
  connect();
  std::int64_t buyer = 0;
  ASSERT_TRUE(eventually(kPatience, [&] {
    publish(++buyer);
    return queue_->statistics().nacks.value() > 0;
  }));
  EXPECT_TRUE(eventually(kPatience, [&] { return !publish(++buyer); }));
  EXPECT_GT(queue_->unresolved(), 0);
  RabbitSource source(options_, 0);
  queue_->publish(CloseMarker{kLease});
  Buyers arrived;
  for (const std::int64_t number : receive_to(source, -kLease.value)) {
    if (number > 0) arrived.insert(number);
  }
  EXPECT_TRUE(queue_->finish(kPatience));
  EXPECT_EQ(arrived, told_.queued());
  EXPECT_EQ(told_.queued().size() + told_.refused().size(), taken_.size());
}

TEST_F(RabbitmqTest, ABrokerThatSaysNothingIsLeftAndRefusesSoon) {
  connect();
  ASSERT_TRUE(publish(1));
  ASSERT_TRUE(told_.wait(1));
  broker_.freeze();
  ASSERT_TRUE(publish(2));
  const Tick sent = read_clocks().tick;
  std::int64_t buyer = 2;
  EXPECT_TRUE(eventually(kPatience, [&] { return !publish(++buyer); }));
  EXPECT_LT(read_clocks().tick - sent, std::chrono::seconds{3});
  EXPECT_THAT(queue_->stuck_leases(read_clocks().tick), testing::ElementsAre(kLease));
  EXPECT_TRUE(eventually(kPatience, [&] { return !queue_->connected(); }));
  EXPECT_LT(read_clocks().tick - sent, std::chrono::seconds{8});
  EXPECT_FALSE(queue_->finish(milliseconds{0}));
  broker_.thaw();
  EXPECT_TRUE(queue_->finish(kPatience));
  EXPECT_TRUE(queue_->stuck_leases(read_clocks().tick).empty());
  EXPECT_TRUE(told_.queued().contains(2)) << "sent again until confirmed";
  EXPECT_EQ(told_.queued().size() + told_.refused().size(), taken_.size());
}

TEST_F(RabbitmqTest, WhatCannotBeReadIsHandedOutAndWhatFollowsIsRead) {
  check_broker(options_);
  Connection connection(options_, broker_.address(), "test");
  const Message first = purchase(1);
  const Message other = purchase(2, LeaseId{5});
  const Message last = purchase(3);
  const std::string queue = order_queue(options_, 0);
  connection.publish(queue, encode({&first, 1}), 1);
  connection.publish(queue, "hello", 2);
  connection.publish(queue, "", 3);
  connection.publish(queue, std::string(1'000'000, 'x'), 4);
  connection.publish(queue, encode({&other, 1}), 5);
  connection.publish(queue, encode({&last, 1}), 6);

  RabbitSource source(options_, 0);
  std::vector<Message> batch;
  std::vector<std::int64_t> arrived;
  std::vector<UnreadableMessage> unreadable;
  while (arrived.empty() || arrived.back() != 3) {
    ASSERT_TRUE(source.receive(batch, 2'000));
    append_numbers(arrived, batch);
    unreadable.insert(unreadable.end(), source.unreadable().begin(), source.unreadable().end());
    source.acknowledge();
    EXPECT_TRUE(source.unreadable().empty());
  }
  EXPECT_THAT(arrived, testing::ElementsAre(1, 3));
  ASSERT_EQ(unreadable.size(), 4);
  EXPECT_EQ(unreadable[0].body, "hello");
  EXPECT_THAT(unreadable[0].reason, HasSubstr("5 bytes"));
  EXPECT_EQ(unreadable[1].body, "");
  EXPECT_EQ(unreadable[2].body.size(), 65'536);
  EXPECT_THAT(unreadable[3].reason, HasSubstr("lease 5 on the queue of shard 0: expected shard 1"));
}

TEST_F(RabbitmqTest, ShutEndsAReceiverThatWaits) {
  RabbitSource source(options_, 0);
  std::vector<Message> batch;
  std::jthread consumer([&] { EXPECT_FALSE(source.receive(batch, 100)); });
  source.shut();
}

TEST_F(RabbitmqTest, TheNextBrokerOfTheListIsTriedWhenOneIsAway) {
  options_.brokers = {"127.0.0.1:1", broker_.address()};
  connect();
  ASSERT_TRUE(publish(1));
  RabbitSource source(options_, 0);
  EXPECT_EQ(receive_to(source, 1), numbers(1, 1));
}

/// Each is logged; the error names the last one.
TEST_F(RabbitmqTest, QueuesThatAllHaveOtherArgumentsAreRefusedByName) {
  check_broker(options_);
  check_broker(options_);  // the same again is fine
  options_.max_length = 7;
  const std::string problem = problem_of(options_, BrokerError::Kind::kTopology);
  EXPECT_THAT(problem, HasSubstr("queue '" + order_queue(options_, kShards - 1) + "'"));
  EXPECT_THAT(problem, HasSubstr("x-max-length"));
  RabbitQueue queue(options_, told_.resolutions());
  EXPECT_EQ(queue.publish(purchase(1)), Published::kRefused);
}

TEST_F(RabbitmqTest, AnUnusableShardDoesNotStopTheOthers) {
  const auto lease_of = [](std::int32_t shard) { return LeaseId{8 + shard}; };
  const auto take = [&](std::int32_t shard, std::int64_t buyer) {
    return queue_->publish(purchase(buyer, lease_of(shard))) == Published::kSent;
  };
  constexpr std::int32_t kBroken = 2;
  Connection(options_, broker_.address(), "test")
      .declare(order_queue(options_, kBroken), {.max_length = 7});
  connect();
  std::deque<RabbitSource> sources;
  for (std::int32_t shard = 0; shard < kShards; ++shard) sources.emplace_back(options_, shard);
  for (std::int32_t shard = 0; shard < kShards; ++shard) {
    if (shard == kBroken) continue;
    const std::int64_t buyer = 1 + shard;
    ASSERT_TRUE(take(shard, buyer)) << shard;
    EXPECT_EQ(receive_to(sources[static_cast<std::size_t>(shard)], buyer), numbers(buyer, buyer));
  }
  EXPECT_FALSE(take(kBroken, 10));
  EXPECT_FALSE(sources[kBroken].connected());

  // An operator repairs it: it goes on, and the others are not disturbed.
  ctl({"delete_queue", order_queue(options_, kBroken)});
  ASSERT_TRUE(eventually(kPatience, [&] { return take(kBroken, 11); }));
  EXPECT_EQ(receive_to(sources[kBroken], 11), numbers(11, 11));
  EXPECT_EQ(sources[0].statistics().connections.value(), 1);
}

TEST_F(RabbitmqTest, AStopWaitsForNoAnswerOfTheBroker) {
  Connection(options_, broker_.address(), "test")
      .declare(order_queue(options_, 2), {.max_length = 7});
  std::optional<Relay> relay(std::in_place, broker_port());
  options_.brokers = {relay->address()};
  options_.connect_timeout = std::chrono::hours{1};
  connect();
  relay->hold();
  RabbitQueue connecting(options_, told_.resolutions());
  std::optional<RabbitSource> source(std::in_place, options_, 0);
  ASSERT_TRUE(eventually(kPatience, [&] { return relay->held() == 3; })) << "with a try of a shard";
  const auto stopped = std::async(std::launch::async, [&] {
    queue_->stop();
    connecting.stop();
    source.reset();
  });
  EXPECT_EQ(stopped.wait_for(kPatience), std::future_status::ready);
  relay.reset();  // whatever waits for it goes on
}

TEST_F(RabbitmqTest, ABrokerThatDoesNotAnswerTheTryOfAShardDoesNotStopTheOthers) {
  Connection(options_, broker_.address(), "test")
      .declare(order_queue(options_, 2), {.max_length = 7});
  Relay relay(broker_port());
  options_.brokers = {relay.address()};
  options_.connect_timeout = 2 * kPatience;
  connect();
  relay.hold();
  ASSERT_TRUE(eventually(kPatience, [&] { return relay.held() > 0; })) << "the shard is not tried";
  for (int buyer = 1; buyer <= 100; ++buyer) ASSERT_TRUE(publish(buyer)) << buyer;
  EXPECT_TRUE(told_.wait(taken_.size()));
  EXPECT_EQ(told_.queued(), taken_);
}

TEST_F(RabbitmqTest, AStartHasPatienceWithABrokerThatIsSlow) {
  Relay relay(broker_port());
  relay.hold(1);
  options_.brokers = {relay.address()};
  options_.connect_timeout = std::chrono::milliseconds{100};
  check_broker(options_);
  EXPECT_EQ(relay.held(), 1) << "the first try was not answered";
}

TEST_F(RabbitmqTest, SaysWhatIsWrongWithABroker) {
  using Kind = BrokerError::Kind;
  Options wrong = options_;
  wrong.brokers = {"127.0.0.1:1"};
  EXPECT_THAT(problem_of(wrong, Kind::kUnreachable), HasSubstr("127.0.0.1:1"));
  wrong.brokers = {"127.0.0.1:1", broker_.address()};
  wrong.password = "wrong";
  EXPECT_THAT(problem_of(wrong, Kind::kCredentials), HasSubstr("user \"guest\""));
  wrong = options_;
  wrong.vhost = "elsewhere";
  EXPECT_THAT(problem_of(wrong, Kind::kVhost), HasSubstr("elsewhere"));
  for (const char* address : {"", "localhost", "localhost:", ":5672", "h:0", "h:65536", "h:5x"}) {
    wrong = options_;
    wrong.brokers = {address};
    EXPECT_THAT(problem_of(wrong, Kind::kMisconfigured), HasSubstr("expected host:port"));
  }
}

TEST_F(RabbitmqTest, CountsWhatWaits) {
  connect();
  ASSERT_EQ(queue_->publish(purchase(1, LeaseId{6})), Published::kSent);
  ASSERT_TRUE(told_.wait(1));
  EXPECT_TRUE(eventually(kPatience, [&] { return depth(2) == 1; }));
  EXPECT_EQ(queue_depths(options_).dead_letters, 0);
}

}  // namespace
}  // namespace stampede::queue::rabbitmq
