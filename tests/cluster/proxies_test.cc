// The real nginx and the real HAProxy on their configurations in deploy/, in front of small
// upstreams that say who they are.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "concurrency/mutex.h"
#include "http/client/client.h"
#include "http/server/handlers/static_files.h"
#include "http/server/server.h"
#include "tests/cluster/proxy.h"
#include "tests/support/eventually.h"
#include "tests/support/listener.h"
#include "tests/support/raw_connection.h"
#include "tests/support/servers/own_loopback.h"

namespace stampede::test_support {
namespace {

using http::ClientRequest;
using http::ClientResponse;
using testing::HasSubstr;

constexpr const char* kTag = "\"tag-of-the-file\"";

/// Answers everything with its name and what it was asked; keeps the streams that are asked of it.
/// Its /readyz is at the same port.
class Upstream {
 public:
  explicit Upstream(std::string name, std::uint16_t port = 0) : name_(std::move(name)) {
    router_.get("/static/{file}", [](http::Request& request, http::Responder respond) {
      static const auto kBody = std::make_shared<const std::string>("body {}");
      respond(http::cacheable(request, kBody, "text/css", kTag, "public, max-age=60"));
    });
    router_.get("/product/{id}", [this](http::Request& request, http::Responder respond) {
      ++pages_;
      respond(http::cacheable(request, page_, "text/html", kTag, "public, max-age=60"));
    });
    router_.get("/readyz", [this](http::Request&, http::Responder respond) {
      ++checks_;
      respond(ready_ ? http::json(200, "{}") : not_now());
    });
    router_.get("/purchases/{sale}/{key}/events",
                [this](http::Request&, http::Responder respond) { keep_stream(respond); });
    router_.otherwise([this](http::Request& request, http::Responder respond) {
      ++requests_;
      respond(ready_ ? http::html(200, describe(request)) : not_now());
    });
    server_ = std::make_unique<http::Server>(
        http::ListenerOptions{.address = fmt::format("{}:{}", own_loopback(), port)}, router_);
    server_->start();
  }

  std::uint16_t port() const { return server_->port(); }
  std::string address() const { return fmt::format("{}:{}", own_loopback(), port()); }
  /// Not ready, it answers 503 to everything.
  void set_ready(bool ready) { ready_ = ready; }
  int requests() const { return requests_; }
  /// Requests for the pages of products.
  int pages() const { return pages_; }
  /// Requests for /readyz, each on a connection of its own.
  int checks() const { return checks_; }
  std::int64_t connections() const {
    return static_cast<std::int64_t>(server_->statistics().connections_accepted);
  }
  /// The stream of the request for events that has arrived.
  std::optional<http::BodyStream> take_stream() {
    const concurrency::MutexLock guard(mutex_);
    return std::exchange(stream_, std::nullopt);
  }

 private:
  http::Response not_now() const {
    return std::move(http::problem(503, "unavailable", name_).with("Retry-After", "1"));
  }
  std::string describe(const http::Request& request) const {
    std::string text = fmt::format("{} {}\n", name_, request.target);
    for (const auto& [name, value] : request.headers) text += fmt::format("{}: {}\n", name, value);
    return text;
  }
  void keep_stream(http::Responder& respond) {
    http::Response head;
    head.content_type = "text/event-stream";
    const concurrency::MutexLock guard(mutex_);
    stream_.emplace(respond.stream_from_anywhere(std::move(head)));
  }

  const std::string name_;
  /// A shared cache keeps it for every query, so it does not say what it was asked.
  const std::shared_ptr<const std::string> page_ =
      std::make_shared<const std::string>(name_ + " sells a lamp");
  std::atomic<bool> ready_ = true;
  std::atomic<int> requests_ = 0;
  std::atomic<int> pages_ = 0;
  std::atomic<int> checks_ = 0;
  concurrency::Mutex mutex_;
  std::optional<http::BodyStream> stream_;
  http::Router router_;
  std::unique_ptr<http::Server> server_;
};

/// Takes every request and closes its connection without an answer, as a process that is killed; or
/// keeps it, as one that stands still.
class Silent {
 public:
  enum class Manner { kDies, kStandsStill };
  explicit Silent(Manner manner) : manner_(manner) {
    thread_ = std::jthread([this] { run(); });
  }
  ~Silent() {
    listener_.shut();
    thread_.join();
    for (const int peer : kept_) close(peer);
  }
  Silent(const Silent&) = delete;
  Silent& operator=(const Silent&) = delete;

  std::string address() const { return listener_.address(); }
  std::uint16_t port() const { return listener_.port(); }
  int requests() const { return requests_; }

 private:
  void run() {
    for (int peer = 0; (peer = listener_.accept()) >= 0;) {
      char byte = 0;
      if (recv(peer, &byte, 1, 0) == 1) ++requests_;
      if (manner_ == Manner::kDies) {
        close(peer);
      } else {
        kept_.push_back(peer);
      }
    }
  }

  const Manner manner_;
  std::vector<int> kept_;  // the thread's own until it has ended

  Listener listener_{own_loopback()};
  std::atomic<int> requests_ = 0;
  std::jthread thread_;
};

class Proxies : public testing::TestWithParam<Proxy::Kind> {
 protected:
  std::string ask(const ClientRequest& request) {
    const auto response = client_.send(request);
    if (!response) return "error: " + response.error();
    if (response->status != 200) return fmt::format("status {}", response->status);
    return response->body;
  }
  /// The validator that answers a purchase with this cookie `node`.
  std::string owner(const std::string& node) {
    ClientRequest request{.method = "POST", .target = "/check?productID=1"};
    if (!node.empty()) request.headers = {{"Cookie", "uid=7; node=" + node + "; sign=x"}};
    const std::string text = ask(request);
    return text.substr(0, text.find(" /"));
  }
  /// Whether it comes to be the same one twenty times in a row. A check that is late, because the
  /// machine is busy, makes a validator seem sick for a while.
  bool stays_owner(const std::string& node, const std::string& validator) {
    return eventually(kPatience, [&] {
      for (int i = 0; i < 20; ++i) {
        if (owner(node) != validator) return false;
      }
      return true;
    });
  }

  std::optional<Upstream> a_{"validator a"};
  std::optional<Upstream> b_{"validator b"};
  Upstream web_{"web"};
  Proxy proxy_{GetParam(),
               {.web = web_.address(),
                .validator_a = a_->address(),
                .validator_b = b_->address(),
                .console_a = a_->port(),
                .console_b = b_->port()}};
  http::Client client_{proxy_.address().host, proxy_.address().port, kPatience};
};

std::string kind_name(const testing::TestParamInfo<Proxy::Kind>& kind) {
  return kind.param == Proxy::Kind::kNginx ? "nginx" : "haproxy";
}
INSTANTIATE_TEST_SUITE_P(Deployed, Proxies,
                         testing::Values(Proxy::Kind::kNginx, Proxy::Kind::kHaproxy), kind_name);

TEST_P(Proxies, PurchasesGoToTheOwnerThatTheCookieNames) {
  for (const char* node : {"a", "b"}) {
    EXPECT_TRUE(stays_owner(node, fmt::format("validator {}", node)));
  }
}

TEST_P(Proxies, WithoutAnOwnerValidatorsTakeTurns) {
  for (const char* node : {"", "c", "validators", "web"}) {
    EXPECT_TRUE(eventually(kPatience, [&] {
      std::set<std::string> owners;
      for (int i = 0; i < 20; ++i) owners.insert(owner(node));
      return owners == std::set<std::string>{"validator a", "validator b"};
    })) << node;
  }
}

TEST_P(Proxies, ADeadOwnersPurchasesGoToAnotherUntilItIsBack) {
  ASSERT_TRUE(stays_owner("a", "validator a"));
  const std::uint16_t port = a_->port();
  a_.reset();
  EXPECT_EQ(owner("a"), "validator b") << "the first one too";
  EXPECT_TRUE(stays_owner("a", "validator b"));
  EXPECT_TRUE(stays_owner("", "validator b"));
  a_.emplace("validator a", port);
  EXPECT_TRUE(eventually(kPatience, [&] { return owner("a") == "validator a"; }));
}

/// Its /readyz, which another process might answer, says all the while that it is well.
class SilentValidator : public Proxies {
 protected:
  ClientResponse buy(const Silent& a) {
    const Proxy proxy(GetParam(), {.web = web_.address(),
                                   .validator_a = a.address(),
                                   .validator_b = b_->address(),
                                   .console_a = b_->port(),
                                   .console_b = b_->port()});
    http::Client client(proxy.address().host, proxy.address().port, kPatience);
    const auto response = client.send(
        {.method = "POST", .target = "/check?productID=1", .headers = {{"Cookie", "node=a"}}});
    if (!response) throw std::runtime_error(response.error());
    return *response;
  }
};
INSTANTIATE_TEST_SUITE_P(Deployed, SilentValidator,
                         testing::Values(Proxy::Kind::kNginx, Proxy::Kind::kHaproxy), kind_name);

TEST_P(SilentValidator, DiesUnderAPurchaseThatThenGoesToAnother) {
  const Silent dying(Silent::Manner::kDies);
  EXPECT_THAT(buy(dying).body, HasSubstr("validator b /check"));
  EXPECT_GE(dying.requests(), 1);
}

TEST_P(SilentValidator, StandsStillAndItsPurchasesGoToAnother) {
  // The proxies' own 2 s. A busy machine may take longer now and then, and 15 s every time would
  // not pass.
  auto best = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 5 && best > std::chrono::seconds{5}; ++i) {
    const Silent still(Silent::Manner::kStandsStill);
    const auto began = std::chrono::steady_clock::now();
    EXPECT_THAT(buy(still).body, HasSubstr("validator b /check"));
    best = std::min(best, std::chrono::steady_clock::now() - began);
    EXPECT_GE(still.requests(), 1);
  }
  EXPECT_LT(best, std::chrono::seconds{5});
}

/// Cut off from quantity control it would answer 503 for as long as that lasts.
TEST_P(Proxies, AValidatorThatIsNotReadyKeepsNoBuyers) {
  ASSERT_TRUE(stays_owner("a", "validator a"));
  a_->set_ready(false);
  EXPECT_TRUE(stays_owner("a", "validator b"));
  a_->set_ready(true);
  EXPECT_TRUE(eventually(kPatience, [&] { return owner("a") == "validator a"; }));
}

TEST_P(Proxies, WhereNoValidatorIsReadyBuyersHearOneOfThem) {
  a_->set_ready(false);
  b_->set_ready(false);
  // Once the checks have failed, too; what the proxy itself would say has no Retry-After. nginx
  // checks nothing.
  const auto checked = [](const Upstream& upstream, int before) {
    return GetParam() == Proxy::Kind::kNginx || upstream.checks() >= before + 5;
  };
  const int before_a = a_->checks();
  const int before_b = b_->checks();
  for (int i = 0; i < 50 || !checked(*a_, before_a) || !checked(*b_, before_b); ++i) {
    const auto response = client_.send(
        {.method = "POST", .target = "/check?productID=1", .headers = {{"Cookie", "node=a"}}});
    ASSERT_TRUE(response) << response.error();
    ASSERT_EQ(response->status, 503);
    ASSERT_EQ(response->header("Retry-After"), "1");
    ASSERT_THAT(response->body, HasSubstr("validator "));
  }
}

TEST_P(Proxies, EverythingElseGoesToWeb) {
  for (const char* target : {"/", "/orders", "/checks", "/check/1", "/time",
                             "/captcha?productID=1&key=0123456789abcdef", "/purchases/1/key"}) {
    EXPECT_THAT(ask({.target = target}), HasSubstr(fmt::format("web {}\n", target)));
  }
  EXPECT_EQ(ask({.target = "/product/1"}), "web sells a lamp");
  EXPECT_THAT(ask({.method = "POST", .target = "/user/login", .body = "name=x"}),
              HasSubstr("web /user/login\n"));
  EXPECT_EQ(a_->requests() + a_->pages() + b_->requests() + b_->pages(), 0);
}

TEST_P(Proxies, UpstreamsHearWhoAsksOverWhatAndWhere) {
  const std::string own = proxy_.address().text();
  for (const char* target : {"/check", "/orders"}) {
    const std::string text = ask({.method = "POST",
                                  .target = target,
                                  .headers = {{"X-Forwarded-For", "6.6.6.6"},
                                              {"X-Forwarded-Proto", "https"},
                                              {"Stampede-Peer", "forged"},
                                              {"Idempotency-Key", "0123456789abcdef"}}});
    EXPECT_THAT(text, testing::ContainsRegex("[Xx]-[Ff]orwarded-[Ff]or: 127.0.0.1\n"));
    EXPECT_THAT(text, testing::ContainsRegex("[Xx]-[Ff]orwarded-[Pp]roto: http\n"));
    EXPECT_THAT(text, testing::ContainsRegex("[Hh]ost: " + own));
    EXPECT_THAT(text, testing::ContainsRegex("[Ii]dempotency-[Kk]ey: 0123456789abcdef"));
    for (const char* forged : {"6.6.6.6", "https", "forged"}) {
      EXPECT_THAT(text, testing::Not(HasSubstr(forged)));
    }
  }
}

TEST_P(Proxies, StaticFilesKeepTheirTagAndTheirLife) {
  const auto first = client_.send({.target = "/static/shop.css"});
  ASSERT_TRUE(first) << first.error();
  EXPECT_EQ(first->status, 200);
  EXPECT_EQ(first->body, "body {}");
  EXPECT_EQ(first->header("ETag"), kTag);
  EXPECT_EQ(first->header("Cache-Control"), "public, max-age=60");
  const auto again =
      client_.send({.target = "/static/shop.css", .headers = {{"If-None-Match", kTag}}});
  ASSERT_TRUE(again) << again.error();
  EXPECT_EQ(again->status, 304);
  EXPECT_EQ(again->header("ETag"), kTag);
}

/// The one that keeps pages.
class CachingProxy : public Proxies {};
INSTANTIATE_TEST_SUITE_P(Deployed, CachingProxy, testing::Values(Proxy::Kind::kNginx), kind_name);

TEST_P(CachingProxy, AQueryOrAnotherHostIsNoPageOfItsOwn) {
  for (int i = 0; i < 300; ++i) {
    const auto answer =
        client_.send({.target = fmt::format("/product/1?{}", i),
                      .headers = {{"Host", fmt::format("shop-{}.example", i % 10)}}});
    ASSERT_TRUE(answer) << answer.error();
    ASSERT_EQ(answer->status, 200);
    ASSERT_THAT(answer->body, HasSubstr("web sells a lamp"));
  }
  EXPECT_EQ(web_.pages(), 1);
  ASSERT_TRUE(client_.send({.target = "/product/2?1"}));
  EXPECT_EQ(web_.pages(), 2) << "another product is another page";
}

TEST_P(Proxies, ConsolesAndInternalRoutesAreNotReachable) {
  for (const char* target :
       {"/metrics", "/healthz", "/readyz", "/internal", "/internal/heartbeat", "/metrics?x=1"}) {
    for (const char* method : {"GET", "POST"}) {
      EXPECT_EQ(ask({.method = method, .target = target}), "status 404") << target;
    }
  }
  EXPECT_EQ(a_->requests() + b_->requests() + web_.requests(), 0);
}

TEST_P(Proxies, EachEventArrivesAsSoonAsItIsSent) {
  RawConnection browser(proxy_.address().port, "127.0.0.1", 0, proxy_.address().host.c_str());
  browser.send("GET /purchases/1/0123456789abcdef/events?lease=1 HTTP/1.1\r\nHost: shop\r\n\r\n");
  std::optional<http::BodyStream> stream;
  ASSERT_TRUE(eventually(kPatience, [&] { return (stream = web_.take_stream()).has_value(); }));
  for (int i = 0; i < 3; ++i) {
    const std::string event = fmt::format("data: {}\n\n", i);
    EXPECT_TRUE(stream->write(event));
    const auto seen = browser.read_until(event);
    ASSERT_TRUE(seen);
    EXPECT_THAT(*seen, HasSubstr(event));
  }
  stream->end();
}

TEST_P(Proxies, ConnectionsToUpstreamsAreKept) {
  ASSERT_TRUE(stays_owner("a", "validator a"));
  for (int i = 0; i < 50; ++i) {
    owner("a");
    ASSERT_THAT(ask({}), HasSubstr("web"));
  }
  // Those of a second worker come on top.
  EXPECT_LE(web_.connections(), 10);
  EXPECT_GE(a_->requests(), 50);
  EXPECT_LE(a_->connections() - a_->checks(), 25);
}

}  // namespace
}  // namespace stampede::test_support
