// TLS handshakes that never end, and more of them than a machine can make.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/certificates.h"
#include "tests/support/eventually.h"
#include "tests/support/shop.h"
#include "tests/support/tls_connection.h"

namespace stampede::test_support {
namespace {

constexpr int kHonest = 100;

class Handshakes : public testing::Test {
 protected:
  Handshakes() { certificates_.make(); }

  Environment tls(Environment more = {}) const {
    more.emplace_back("STAMPEDE_TLS_CERTIFICATE", certificates_.certificate().string());
    more.emplace_back("STAMPEDE_TLS_KEY", certificates_.key().string());
    return more;
  }
  /// A product on sale, when this returns.
  static ProductId open_sale(const Shop& shop, std::int64_t quantity) {
    const ProductId product = shop.add_product();
    shop.create_sale({.product = product, .quantity = quantity});
    TlsConnection connection(shop.port());
    EXPECT_TRUE(eventually(kPatience, [&] {
      return connection
          .ask(fmt::format("GET /product/{}/state HTTP/1.1\r\nHost: a\r\n\r\n", product.value))
          .contains(R"("on")");
    }));
    return product;
  }
  /// On a connection of its own; true if the answer is a yes.
  static bool buys(const Shop& shop, ProductId product, const MintedBuyer& buyer) {
    TlsConnection connection(shop.port(), {.from = "127.4.0.1"});
    connection.send(
        fmt::format("POST /check?productID={} HTTP/1.1\r\nHost: a\r\nCookie: sign={}\r\n"
                    "Idempotency-Key: {}\r\nContent-Length: 0\r\n\r\n",
                    product.value, buyer.sign, fresh_key()));
    const auto answer = connection.read_until("\"order\"");
    return answer && answer->starts_with("HTTP/1.1 20");
  }

  const TempDir folder_;
  const Certificates certificates_{folder_.path()};
};

/// The first message of a client.
std::string client_hello() {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  SSL_CTX_free);
  const std::unique_ptr<SSL, decltype(&SSL_free)> client(SSL_new(context.get()), SSL_free);
  BIO* const sent = BIO_new(BIO_s_mem());
  SSL_set_bio(client.get(), BIO_new(BIO_s_mem()), sent);
  SSL_connect(client.get());
  std::string hello(4096, '\0');
  hello.resize(static_cast<std::size_t>(BIO_read(sent, hello.data(), 4096)));
  return hello;
}

/// Twenty addresses hold more connections than there may be: some say nothing, some stop within
/// their first message, some after it, some after the handshake.
TEST_F(Handshakes, ThatDoNotEndLeaveHonestBuyersServed) {
  Shop shop(tls({{"STAMPEDE_HTTP_CONNECTIONS", "400"}}));
  const ProductId lamp = open_sale(shop, kHonest);
  const auto buyers = shop.mint(1, kHonest);
  const std::string hello = client_hello();
  std::vector<RawConnection> stuck;
  for (int i = 0; i < 600; ++i) {
    stuck.emplace_back(shop.port(), fmt::format("127.3.{}.1", i % 20).c_str());
    if (i % 3 == 1) stuck.back().send(hello.substr(0, 50));
    if (i % 3 == 2) stuck.back().send(hello);
  }
  // Until the first has waited for a second nothing is closed.
  ASSERT_TRUE(eventually(kPatience, [&] { return buys(shop, lamp, buyers.front()); }));
  int sold = 0;
  for (int i = 1; i < kHonest; ++i) {
    sold += buys(shop, lamp, buyers[static_cast<std::size_t>(i)]) ? 1 : 0;
  }
  fmt::print("{} of {} bought\n", sold, kHonest - 1);
  EXPECT_GE(sold, (kHonest - 1) * 95 / 100) << "of " << kHonest - 1;
  EXPECT_GE(shop.audited_orders(), sold) << "and the invariants hold";
}

/// Connects, has the server make its part of a handshake, and leaves, without end: the server's
/// part costs far more than its own.
class HelloFlood {
 public:
  HelloFlood(std::uint16_t port, int connections) : port_(port) {
    for (int i = 0; i < 2; ++i) {
      threads_.emplace_back([this, connections, i] { run(connections / 2, i); });
    }
  }
  ~HelloFlood() { stopping_ = true; }
  int answered() const { return answered_; }

 private:
  void run(int connections, int thread) {
    const std::string hello = client_hello();
    while (!stopping_) {
      std::vector<RawConnection> burst;
      for (int i = 0; i < connections; ++i) {
        burst.emplace_back(port_, fmt::format("127.3.{}.{}", thread, 1 + i % 10).c_str());
        burst.back().send(hello);
      }
      for (RawConnection& connection : burst) {
        if (connection.readable_within(kPatience)) ++answered_;
      }
    }
  }

  const std::uint16_t port_;
  std::atomic<int> answered_ = 0;
  std::atomic<bool> stopping_ = false;
  std::vector<std::jthread> threads_;
};

TEST_F(Handshakes, InAFloodLeaveHonestBuyersServed) {
  Shop shop(tls());
  const ProductId lamp = open_sale(shop, 2 * kHonest + 1);
  const auto buyers = shop.mint(1, 2 * kHonest + 1);
  using Clock = std::chrono::steady_clock;
  int sold = 0;
  const auto longest_of = [&](int first) {
    Clock::duration longest{};
    sold = 0;
    for (int i = first; i < first + kHonest; ++i) {
      const auto begin = Clock::now();
      sold += buys(shop, lamp, buyers[static_cast<std::size_t>(i)]) ? 1 : 0;
      longest = std::max(longest, Clock::now() - begin);
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(longest).count();
  };
  // The units are leased a moment after the sale is on.
  ASSERT_TRUE(eventually(kPatience, [&] { return buys(shop, lamp, buyers.back()); }));
  const auto calm = longest_of(0);
  ASSERT_GE(sold, kHonest * 95 / 100) << "without an attack";
  const HelloFlood flood(shop.port(), 64);
  ASSERT_TRUE(eventually(kPatience, [&] { return flood.answered() > 200; }));
  const auto flooded = longest_of(kHonest);
  fmt::print("{} of {} bought beside {} handshakes; the slowest took {} ms, and {} ms before\n",
             sold, kHonest, flood.answered(), flooded, calm);
  EXPECT_GE(sold, kHonest * 95 / 100) << "of " << kHonest;
  EXPECT_GE(shop.audited_orders(), sold);
}

}  // namespace
}  // namespace stampede::test_support
