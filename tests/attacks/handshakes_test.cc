// TLS handshakes that never end, and more of them than a machine can make.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/attacks/honest.h"
#include "tests/support/certificates.h"
#include "tests/support/eventually.h"
#include "tests/support/shop.h"
#include "tests/support/tls_connection.h"

namespace stampede::test_support {
namespace {

constexpr int kHonest = 200;
constexpr std::int64_t kStock = 2 * kBlocks * kHonest + 1;

class Handshakes : public testing::Test {
 protected:
  Handshakes() { certificates_.make(); }

  Environment tls(Environment more = {}) const {
    more.emplace_back("STAMPEDE_TLS_CERTIFICATE", certificates_.certificate().string());
    more.emplace_back("STAMPEDE_TLS_KEY", certificates_.key().string());
    return more;
  }
  /// A product on sale, when this returns.
  static ProductId open_sale(const Shop& shop) {
    const ProductId product = shop.add_product();
    shop.create_sale({.product = product, .quantity = kStock});
    TlsConnection connection(shop.port());
    EXPECT_TRUE(eventually(kPatience, [&] {
      return connection
          .ask(fmt::format("GET /product/{}/state HTTP/1.1\r\nHost: a\r\n\r\n", product.value))
          .contains(R"("on")");
    }));
    return product;
  }
  /// Each has a handshake of its own. The first has bought, since the units are leased a moment
  /// after the sale is on.
  static HonestBuyers buyers_of(const Shop& shop) {
    HonestBuyers buyers(shop, open_sale(shop), kStock, [&shop](int) {
      return std::make_unique<TlsConnection>(shop.port(),
                                             TlsConnection::Options{.from = "127.4.0.1"});
    });
    EXPECT_TRUE(eventually(kPatience, [&] { return buyers.buy(1).served() == 1; }));
    return buyers;
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
  HonestBuyers buyers = buyers_of(shop);
  const Honest calm = buyers.buy(kHonest);
  const std::string hello = client_hello();
  std::vector<RawConnection> stuck;
  for (int i = 0; i < 600; ++i) {
    stuck.emplace_back(shop.port(), fmt::format("127.3.{}.1", i % 20).c_str());
    if (i % 3 == 1) stuck.back().send(hello.substr(0, 50));
    if (i % 3 == 2) stuck.back().send(hello);
  }
  // Until the first has waited for a second nothing is closed.
  ASSERT_TRUE(eventually(kPatience, [&] { return TlsConnection(shop.port()).established(); }));
  expect_served("600 handshakes that do not end", "purchases", calm, buyers.buy(kHonest));
  stuck.clear();
  buyers.expect_all_sold_once();
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
    stand_back();
    const std::string hello = client_hello();
    while (!stopping_) {
      std::vector<RawConnection> burst;
      for (int i = 0; i < connections; ++i) {
        burst.emplace_back(port_, fmt::format("127.3.{}.{}", thread, 1 + i % 10).c_str());
        burst.back().send(hello);
      }
      for (const RawConnection& connection : burst) {
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
  HonestBuyers buyers = buyers_of(shop);
  buyers.prepare(kStock - 1);
  const auto flood_is_answered = [](const HelloFlood& flood) {
    ASSERT_TRUE(eventually(kPatience, [&] { return flood.answered() > 200; }));
  };
  expect_served_beside("64 handshakes at a time",
                       {{"purchases", [&] { return buyers.buy(kHonest); }}}, [&] {
                         auto flood = std::make_unique<HelloFlood>(shop.port(), 64);
                         flood_is_answered(*flood);
                         return flood;
                       });
  buyers.expect_all_sold_once();
}

}  // namespace
}  // namespace stampede::test_support
