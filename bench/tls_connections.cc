// New TLS connections to a port of this machine, as many as it makes: each a handshake (TLS 1.3),
// one GET of /time, and its end. Prints how many were made, and in how many seconds.
//
//   tls_connections PORT full|resumed CLIENTS SECONDS
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Connection = std::unique_ptr<SSL, decltype(&SSL_free)>;
using Session = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;

constexpr std::string_view kRequest = "GET /time HTTP/1.1\r\nHost: localhost\r\n\r\n";

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "%s failed\n", what);
  std::exit(EXIT_FAILURE);
}

int connect_to(int port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("connect");
  }
  return descriptor;
}

/// One connection; its ticket, for the next.
Session once(SSL_CTX* context, int port, SSL_SESSION* ticket) {
  const int descriptor = connect_to(port);
  const Connection connection(SSL_new(context), SSL_free);
  if (ticket != nullptr) SSL_set_session(connection.get(), ticket);
  SSL_set_fd(connection.get(), descriptor);
  if (SSL_connect(connection.get()) != 1) fail("handshake");
  if ((SSL_session_reused(connection.get()) == 1) != (ticket != nullptr))
    fail("the other handshake");
  char answer[4096];
  if (SSL_write(connection.get(), kRequest.data(), kRequest.size()) <= 0 ||
      SSL_read(connection.get(), answer, sizeof answer) <= 0) {
    fail("request");
  }
  Session session(SSL_get1_session(connection.get()), SSL_SESSION_free);
  SSL_shutdown(connection.get());
  ::close(descriptor);
  return session;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "tls_connections PORT full|resumed CLIENTS SECONDS\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const int port = std::atoi(argv[1]);
  const bool resumes = std::string_view(argv[2]) == "resumed";
  const Context context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  std::atomic<long> made = 0;
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::seconds{std::atoi(argv[4])};
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < std::atoi(argv[3]); ++i) {
      clients.emplace_back([&] {
        Session ticket(nullptr, SSL_SESSION_free);
        if (resumes) ticket = once(context.get(), port, nullptr);
        while (Clock::now() < end) {
          once(context.get(), port, ticket.get());
          ++made;
        }
      });
    }
  }
  std::printf("%ld %.6f\n", made.load(),
              std::chrono::duration<double>(Clock::now() - begin).count());
  return EXIT_SUCCESS;
}
