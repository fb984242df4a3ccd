// The answer of another role (http/client/client.h): the same however it arrives in pieces, and
// nothing that came before a request was sent answers it.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "http/client/client.h"
#include "http/text.h"
#include "peers/http/problem.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/listener.h"

namespace stampede::fuzz {
namespace {

using Answer = std::expected<http::ClientResponse, std::string>;

constexpr std::string_view kSecond = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond";

/// A peer that answers the first request with given bytes, and every later one, on whichever
/// connection, with kSecond.
class Peer {
 public:
  Peer(std::string_view first, std::size_t piece, bool ends)
      : thread_([this, first, piece, ends] { run(first, piece, ends); }) {}
  ~Peer() {
    listener_.shut();
    thread_.join();
  }
  std::uint16_t port() const { return listener_.port(); }

 private:
  void run(std::string_view first, std::size_t piece, bool ends) {
    for (int socket = listener_.accept(); socket >= 0; socket = listener_.accept()) {
      const int at_once =
          1;  // else each small piece waits for the acknowledgement of the one before
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
      while (request(socket)) {
        while (!first.empty() && send(socket, first.substr(0, piece))) {
          first.remove_prefix(std::min(piece, first.size()));
        }
        if (!answered_ && ends) ::shutdown(socket, SHUT_WR);
        if (answered_) send(socket, kSecond);
        answered_ = true;
      }
      ::close(socket);
    }
  }
  /// A request of this target has no body, and comes in one piece.
  static bool request(int socket) {
    std::array<char, 512> bytes;
    return ::recv(socket, bytes.data(), bytes.size(), 0) > 0;
  }
  static bool send(int socket, std::string_view bytes) {
    return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }

  test_support::Listener listener_;
  bool answered_ = false;
  std::thread thread_;
};

http::Client client_of(const Peer& peer) {
  return {"127.0.0.1", peer.port(), std::chrono::seconds{20}};
}

bool same(const Answer& a, const Answer& b) {
  if (!a || !b) return !a && !b;
  return a->status == b->status && a->headers == b->headers && a->body == b->body;
}

/// Whether the answer says where it ends, so that its peer need not close.
bool says_its_end(const http::ClientResponse& response) {
  return !response.header("Content-Length").empty() ||
         response.header("Transfer-Encoding") == "chunked";
}

}  // namespace

bool accepts(std::string_view bytes) {
  const std::size_t piece = 1 + Choices(bytes).below(64);
  const Peer whole(bytes, 1 << 20, true);
  const Answer answer = client_of(whole).send({});
  const Peer pieces(bytes, piece, true);
  require(same(client_of(pieces).send({}), answer), "an answer does not depend on its pieces");
  if (!answer) return false;
  require(answer->status >= 100 && answer->status <= 999, "a status has three digits");
  require(answer->body.size() <= bytes.size(), "no body is longer than what came");
  peers::problem_of(*answer);
  for (const auto& [name, value] : answer->headers) {
    require(value.find_first_of("\r\n") == value.npos, "no header holds a line's end");
  }
  if (!says_its_end(*answer)) return true;
  const Peer open(bytes, 1 << 20, false);
  http::Client client = client_of(open);
  require(same(client.send({}), answer), "an answer does not need its connection's end");
  const Answer second = client.send({});
  require(!second || second->body == "second", "nothing sent before a request answers it");
  return true;
}

}  // namespace stampede::fuzz
