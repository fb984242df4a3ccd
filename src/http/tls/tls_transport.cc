#include "http/tls/tls_transport.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "http/message.h"

namespace stampede::http::tls {
namespace {

/// Of a peer that speaks HTTP: what it sends until it has read the answer.
constexpr std::size_t kMostThrownAway = 64UL * 1024;
/// OpenSSL reads on within one call while only messages of the protocol arrive. After so many bytes
/// of one call the thread serves other connections. Two records, so that a record with data behind
/// one of the protocol is read in the same call.
constexpr std::size_t kMostPulled = 32UL * 1024;

std::string plain_answer() {
  const Response refusal =
      problem(400, "tls-required", "This port speaks HTTPS: the address begins with https://.");
  return fmt::format(
      "HTTP/1.1 400 Bad Request\r\nContent-Type: {}\r\nContent-Length: {}\r\n"
      "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{}",
      refusal.content_type, refusal.body.size(), refusal.body);
}

}  // namespace

struct TlsTransport::Bytes {
  static TlsTransport& of(BIO* bio) { return *static_cast<TlsTransport*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* out, int size) {
    BIO_clear_retry_flags(bio);
    TlsTransport& self = of(bio);
    const auto wanted = static_cast<std::size_t>(size);
    if (self.begin_ < self.end_) {
      const std::size_t some = std::min(wanted, self.end_ - self.begin_);
      std::memcpy(out, self.ahead_.data() + self.begin_, some);
      self.begin_ += some;
      return static_cast<int>(some);
    }
    error_code ec = asio::error::would_block;
    std::size_t some = 0;
    if (self.pulled_ < kMostPulled) some = self.below_->read_some(asio::buffer(out, wanted), ec);
    self.pulled_ += some;
    if (!ec) return static_cast<int>(some);
    if (ec == asio::error::would_block) {
      BIO_set_retry_read(bio);
      return -1;
    }
    self.below_error_ = ec;
    return ec == asio::error::eof ? 0 : -1;
  }

  static int write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    TlsTransport& self = of(bio);
    error_code ec;
    const std::size_t some =
        self.below_->write_some(asio::buffer(bytes, static_cast<std::size_t>(size)), {}, ec);
    if (!ec) {
      self.record_sent_ += some;
      return static_cast<int>(some);
    }
    if (ec == asio::error::would_block) {
      BIO_set_retry_write(bio);
    } else {
      self.below_error_ = ec;
    }
    return -1;
  }

  static long control(BIO* bio, int command, long, void*) {
    switch (command) {
      case BIO_CTRL_FLUSH:  // nothing is kept back
        return 1;
      case BIO_CTRL_EOF:
        return of(bio).below_error_ == asio::error::eof ? 1 : 0;
      default:
        return 0;
    }
  }

  static const BIO_METHOD* method() {
    static const BIO_METHOD* const made = [] {
      BIO_METHOD* method =
          BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stampede transport");
      if (method == nullptr || BIO_meth_set_read(method, read) != 1 ||
          BIO_meth_set_write(method, write) != 1 || BIO_meth_set_ctrl(method, control) != 1) {
        throw std::bad_alloc();
      }
      return method;
    }();
    return made;
  }
};

TlsTransport::TlsTransport(std::unique_ptr<Transport> below, ssl_ctx_st& context,
                           HandshakeCounters& counters)
    : below_(std::move(below)), counters_(counters), ssl_(SSL_new(&context)) {
  BIO* const bio = ssl_ == nullptr ? nullptr : BIO_new(Bytes::method());
  if (bio == nullptr) {
    SSL_free(ssl_);
    throw std::bad_alloc();
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_accept_state(ssl_);
}

TlsTransport::~TlsTransport() { SSL_free(ssl_); }

/// Why `result` is no success, in the words of the transport.
error_code TlsTransport::failure(int result) {
  read_writes_ = false;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_WRITE:
      read_writes_ = true;
      return asio::error::would_block;
    case SSL_ERROR_WANT_READ:
      return asio::error::would_block;
    case SSL_ERROR_ZERO_RETURN:
      if (!established_ && !failed_) {
        failed_ = true;
        ++counters_.failed;
      }
      return asio::error::eof;
    default:
      break;
  }
  const unsigned long error = ERR_peek_error();
  const bool speaks_http =
      ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST;
  ERR_clear_error();
  if (!established_ && !failed_) ++counters_.failed;
  failed_ = true;
  if (speaks_http && !established_) {
    answer_plain_http();
    return asio::error::would_block;
  }
  return below_error_ ? below_error_ : error_code(asio::error::connection_aborted);
}

void TlsTransport::answer_plain_http() {
  is_plain_ = true;
  begin_ = end_ = 0;
  const std::string answer = plain_answer();
  error_code ec;
  below_->write_some(asio::buffer(answer), {}, ec);  // there is room: it is the first that is sent
  below_->end_sending(ec);
}

void TlsTransport::note_handshake() {
  if (established_ || SSL_is_init_finished(ssl_) == 0) return;
  established_ = true;
  record_sent_ = 0;
  ++(SSL_session_reused(ssl_) == 1 ? counters_.resumed : counters_.full);
}

std::size_t TlsTransport::decrypt(asio::mutable_buffer space, error_code& ec) {
  ec = asio::error::connection_aborted;
  if (failed_) return 0;
  ERR_clear_error();
  pulled_ = 0;
  std::size_t size = 0;
  const int result = SSL_read_ex(ssl_, space.data(), space.size(), &size);
  note_handshake();
  ec = result == 1 ? error_code{} : failure(result);
  return size;
}

std::size_t TlsTransport::read_some(asio::mutable_buffer space, error_code& ec) {
  return decrypt(space, ec);
}

void TlsTransport::start_read_some(asio::mutable_buffer space, Read done) {
  done_ = std::move(done);
  space_ = space;
  cancelled_ = false;
  if (!ending_ && (failed_ || begin_ < end_ || SSL_has_pending(ssl_) == 1)) {
    error_code ec;
    const std::size_t size = decrypt(space, ec);
    if (ec != asio::error::would_block && !is_plain_) {
      asio::post(get_executor(), [this, ec, size] { finish(ec, size); });
      return;
    }
  }
  read_on();
}

void TlsTransport::read_on() {
  if (ending_ || read_writes_) {
    below_->start_wait_writable([this](error_code ec) { writable(ec); });
  } else if (begin_ < end_) {
    asio::post(get_executor(), [this] { go_on_reading(); });
  } else {
    below_->start_read_some(asio::buffer(ahead_),
                            [this](error_code ec, std::size_t size) { received(ec, size); });
  }
}

void TlsTransport::writable(error_code ec) {
  if (!ec && ending_) {
    end_sending(ec);
    if (!ec && cancelled_) ec = asio::error::operation_aborted;
    return ec ? finish(ec, 0) : read_on();
  }
  ec ? finish(ec, 0) : go_on_reading();
}

void TlsTransport::received(error_code ec, std::size_t size) {
  begin_ = 0;
  end_ = size;
  if (!ec) return go_on_reading();
  if (ec != asio::error::operation_aborted && !established_ && !failed_) {
    failed_ = true;
    ++counters_.failed;
  }
  finish(ec, 0);
}

/// The pending read, with what has come from below.
void TlsTransport::go_on_reading() {
  error_code ec = asio::error::would_block;
  std::size_t size = 0;
  if (is_plain_) {
    thrown_away_ += std::exchange(end_, 0);
    if (thrown_away_ > kMostThrownAway) ec = asio::error::connection_aborted;
  } else {
    size = decrypt(space_, ec);
  }
  if (ec == asio::error::would_block && cancelled_) ec = asio::error::operation_aborted;
  ec == asio::error::would_block ? read_on() : finish(ec, size);
}

void TlsTransport::finish(error_code ec, std::size_t size) {
  std::exchange(done_, {})(ec, ec ? 0 : size);
}

std::size_t TlsTransport::write_some(asio::const_buffer first, asio::const_buffer second,
                                     error_code& ec) {
  if (first.size() == 0) return encrypt(second, ec);
  std::size_t taken = encrypt(first, ec);
  if (ec || taken < first.size() || second.size() == 0) return taken;
  error_code later;  // the next call will hear it too
  taken += encrypt(second, later);
  return taken;
}

std::size_t TlsTransport::encrypt(asio::const_buffer bytes, error_code& ec) {
  ec = asio::error::not_connected;
  if (!established_ || failed_) return 0;
  ERR_clear_error();
  std::size_t taken = 0;
  const int result = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &taken);
  if (result == 1) {
    ec = {};
    record_sent_ = 0;
    return taken;
  }
  ec = failure(result);
  read_writes_ = false;
  return 0;
}

void TlsTransport::cancel() {
  cancelled_ = true;
  below_->cancel();
}

void TlsTransport::end_sending(error_code& ec) {
  ec = {};
  ending_ = false;
  if (established_ && !failed_) {
    ERR_clear_error();
    const int result = SSL_shutdown(ssl_);
    // The caller reads until the peer has ended its side too; that sends the rest of this.
    ending_ = result < 0 && SSL_get_error(ssl_, result) == SSL_ERROR_WANT_WRITE;
    if (ending_) return;
  }
  below_->end_sending(ec);
}

std::size_t TlsTransport::unacknowledged() const {
  const std::size_t sent = below_->unacknowledged();
  return sent - std::min(sent, record_sent_);
}

bool TlsTransport::peer_has_closed() const {
  return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0 || below_->peer_has_closed();
}

}  // namespace stampede::http::tls
