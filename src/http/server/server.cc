#include "http/server/server.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <latch>
#include <numeric>
#include <system_error>
#include <thread>

#include "concurrency/stand_back.h"
#include "http/server/loop.h"
#include "net/host_port.h"
#include "telemetry/log.h"

namespace stampede::http {
namespace {

using asio::ip::tcp;

/// Files that the rest of the process needs: databases, logs, brokers.
constexpr std::size_t kReservedFiles = 256;
constexpr std::size_t kMostConnections = 65'536;  // whatever files there are: each takes memory too

std::system_error listen_error(const std::string& address, std::error_code code) {
  return {code, fmt::format("cannot listen on {}", address)};
}

/// "127.0.0.1:8082", "[::1]:0".
tcp::endpoint parse_endpoint(const std::string& text) {
  const auto parsed = net::HostPort::parse(text);
  error_code ec;
  const auto address = asio::ip::make_address(parsed ? parsed->host : "", ec);
  if (ec) {
    throw std::system_error(
        std::make_error_code(std::errc::invalid_argument),
        fmt::format("listen address '{}': expected ADDRESS:PORT such as 127.0.0.1:8082 or "
                    "[::1]:8082",
                    text));
  }
  return {address, parsed->port};
}

/// SO_REUSEPORT alone would let a second server of the same user share the port in silence.
void refuse_taken_port(const tcp::endpoint& endpoint) {
  if (endpoint.port() == 0) {
    return;
  }
  asio::io_context context;
  tcp::acceptor probe(context, endpoint.protocol());
  probe.set_option(tcp::acceptor::reuse_address(true));
  probe.bind(endpoint);
}

std::size_t connections_allowed(std::size_t configured) {
  const std::size_t files = raise_open_file_limit();
  const std::size_t possible = std::max(files - std::min(files, kReservedFiles), files / 4);
  if (configured == 0) return std::min(kMostConnections, possible);
  if (configured > possible) {
    // Beyond it accept() would fail before the longest idle make room.
    telemetry::log_warning("fewer connections than configured",
                           "configured={} allowed={} open_files={}", configured, possible, files);
  }
  return std::min(configured, possible);
}

/// A quarter of all connections.
std::size_t most_arriving(std::size_t connections, unsigned threads) {
  return std::max<std::size_t>(16, connections / 4 / std::max(threads, 1U));
}

}  // namespace

class Server::Implementation {
 public:
  Implementation(const ListenerOptions& options, const Router& router)
      : Implementation(options, router, connections_allowed(options.limits.connections)) {}

  Implementation(const ListenerOptions& options, const Router& router, std::size_t connections)
      : shared_{.limits = options.limits,
                .layer = options.layer,
                .secure = options.secure,
                .headers = options.headers,
                .router = router,
                .proxies = TrustedProxies(options.trusted_proxies),
                .caps = ConnectionCaps(connections, options.limits.connections_per_address,
                                       options.limits.ipv6_prefix),
                .most_arriving = most_arriving(connections, options.threads)},
        niceness_(options.niceness) {
    tcp::endpoint endpoint = parse_endpoint(options.address);
    try {
      refuse_taken_port(endpoint);
      for (unsigned i = 0; i < std::max(options.threads, 1U); ++i) {
        loops_.push_back(std::make_unique<Loop>(shared_, endpoint));
        endpoint = loops_.front()->endpoint();  // the real port, after 0
      }
    } catch (const boost::system::system_error& error) {
      throw listen_error(options.address, error.code());
    }
    endpoint_ = endpoint;
  }

  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;
  ~Implementation() {
    for (const auto& loop : loops_) {
      loop->stop();
    }
    threads_.clear();  // joins
  }

  void start() {
    for (const auto& loop : loops_) {
      threads_.emplace_back([this, &loop] {
        if (niceness_ > 0) concurrency::stand_back(niceness_);
        loop->run();
      });
      const std::string name = fmt::format("http-{}", threads_.size());
      ::pthread_setname_np(threads_.back().native_handle(), name.c_str());
    }
  }

  void drain() {
    if (threads_.empty()) {
      return;
    }
    std::latch closed(static_cast<std::ptrdiff_t>(loops_.size()));
    for (const auto& loop : loops_) {
      loop->drain([&closed] { closed.count_down(); });
    }
    closed.wait();
    if (shared_.caps.wait_until_none(Clock::now() + shared_.limits.drain_time)) {
      return;
    }
    telemetry::log_warning("closing connections that did not end in time", "connections={}",
                           shared_.caps.open());
    for (const auto& loop : loops_) {
      loop->close_sessions();
    }
    shared_.caps.wait_until_none(Clock::time_point::max());
  }

  const tcp::endpoint& endpoint() const { return endpoint_; }
  const char* scheme() const { return shared_.layer ? "https://" : "http://"; }

  ServerStatistics statistics() const {
    ServerStatistics sum;
    sum.connections_open = shared_.caps.open();
    for (const auto& loop : loops_) {
      const LoopStatistics& part = loop->statistics();
      sum.connections_accepted += part.accepted.value();
      sum.connections_refused += part.refused.value();
      sum.connections_closed_idle += part.made_room.value();
      sum.accept_errors += part.accept_errors.value();
      sum.bad_requests += part.bad_requests.value();
      sum.deadlines_missed += part.deadlines_missed.value();
      sum.requests += part.requests.value();
    }
    return sum;
  }

 private:
  ServerShared shared_;
  const int niceness_;
  tcp::endpoint endpoint_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::jthread> threads_;
};

Server::Server(ListenerOptions options, const Router& router)
    : implementation_(std::make_unique<Implementation>(options, router)) {}

Server::~Server() = default;

void Server::start() { implementation_->start(); }

std::uint16_t Server::port() const { return implementation_->endpoint().port(); }

std::string Server::address() const {
  const tcp::endpoint& endpoint = implementation_->endpoint();
  return net::HostPort{endpoint.address().to_string(), endpoint.port()}.text();
}

std::string Server::url() const { return implementation_->scheme() + address(); }

void Server::drain() { implementation_->drain(); }

ServerStatistics Server::statistics() const { return implementation_->statistics(); }

std::size_t raise_open_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    throw std::system_error(errno, std::generic_category(), "the limit on open files");
  }
  rlimit raised = limit;
  raised.rlim_cur = raised.rlim_max;
  // Refused only where the hard limit is beyond the kernel's own; then the soft one stands.
  const bool done = ::setrlimit(RLIMIT_NOFILE, &raised) == 0;
  return static_cast<std::size_t>(done ? raised.rlim_cur : limit.rlim_cur);
}

}  // namespace stampede::http
