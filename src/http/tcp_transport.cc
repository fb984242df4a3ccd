#include "http/tcp_transport.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>

namespace stampede::http {

TcpTransport::TcpTransport(Socket socket) : socket_(std::move(socket)) {
  socket_.set_option(asio::ip::tcp::no_delay(true));
  socket_.non_blocking(true);
}

std::size_t TcpTransport::read_some(asio::mutable_buffer space, error_code& ec) {
  return socket_.read_some(space, ec);
}

void TcpTransport::start_read_some(asio::mutable_buffer space, Read done) {
  // Not a wait and a read: a wait would arm epoll once more, by a system call of its own.
  socket_.async_read_some(space, std::move(done));
}

std::size_t TcpTransport::write_some(asio::const_buffer first, asio::const_buffer second,
                                     error_code& ec) {
  if (second.size() == 0) return socket_.write_some(first, ec);
  return socket_.write_some(std::array{first, second}, ec);
}

void TcpTransport::start_wait_writable(Ready done) {
  socket_.async_wait(Socket::wait_write, std::move(done));
}

void TcpTransport::cancel() {
  error_code ec;
  socket_.cancel(ec);
}

void TcpTransport::end_sending(error_code& ec) { socket_.shutdown(Socket::shutdown_send, ec); }

void TcpTransport::close() {
  error_code ec;
  socket_.close(ec);
}

void TcpTransport::reset() {
  error_code ec;
  socket_.set_option(asio::socket_base::linger(true, 0), ec);
  close();  // the socket's destructor would wait for no one, and so undo the option
}

std::size_t TcpTransport::unacknowledged() const {
  int with_kernel = 0;
  if (::ioctl(socket_.native_handle(), SIOCOUTQ, &with_kernel) != 0) return 0;
  return static_cast<std::size_t>(with_kernel);
}

bool TcpTransport::peer_has_closed() const {
  pollfd peer{.fd = socket_.native_handle(), .events = POLLRDHUP, .revents = 0};
  return ::poll(&peer, 1, 0) == 1;
}

bool TcpTransport::has_unread() const {
  error_code ec;
  return socket_.available(ec) > 0;
}

void TcpTransport::limit_unacknowledged(std::chrono::milliseconds time) {
  const auto milliseconds = static_cast<unsigned>(time.count());
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds,
               sizeof(milliseconds));
}

}  // namespace stampede::http
