#pragma once

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cstring>
#include <memory>
#include <utility>

#include "http/transport.h"

namespace stampede::http::testing {

/// A transport over another one that does all that a TLS stream may do and TCP seldom does: it
/// reads ahead into a buffer of its own, of which the kernel knows nothing, hands out a few bytes
/// at a time, and takes none at first and then a few. Only tests include this.
class AwkwardTransport : public Transport {
 public:
  static constexpr std::size_t kMostRead = 3;
  static constexpr std::size_t kMostWritten = 1'000;

  explicit AwkwardTransport(std::unique_ptr<Transport> below) : below_(std::move(below)) {}
  static TransportLayer layer() {
    return [](std::unique_ptr<Transport> below) {
      return std::make_unique<AwkwardTransport>(std::move(below));
    };
  }

  Executor get_executor() override { return below_->get_executor(); }
  bool encrypted() const override { return true; }

  std::size_t read_some(asio::mutable_buffer space, error_code& ec) override {
    ec = {};
    if (begin_ == end_) {
      begin_ = 0;
      end_ = below_->read_some(asio::buffer(ahead_), ec);
    }
    return hand_out(space);
  }
  void start_read_some(asio::mutable_buffer space, Read done) override {
    if (begin_ < end_) {
      const std::size_t size = hand_out(space);
      asio::post(get_executor(),
                 [size, done = std::move(done)]() mutable { done(error_code{}, size); });
      return;
    }
    below_->start_read_some(asio::buffer(ahead_), [this, space, done = std::move(done)](
                                                      error_code ec, std::size_t size) mutable {
      begin_ = 0;
      end_ = size;
      done(ec, hand_out(space));
    });
  }
  std::size_t write_some(asio::const_buffer first, asio::const_buffer second,
                         error_code& ec) override {
    blocks_ = !blocks_;
    if (blocks_) {
      ec = asio::error::would_block;
      return 0;
    }
    const asio::const_buffer some = asio::buffer(first.size() > 0 ? first : second, kMostWritten);
    return below_->write_some(some, {}, ec);
  }
  void start_wait_writable(Ready done) override { below_->start_wait_writable(std::move(done)); }

  void cancel() override { below_->cancel(); }
  void end_sending(error_code& ec) override { below_->end_sending(ec); }
  void close() override {
    begin_ = end_ = 0;
    below_->close();
  }
  std::size_t unacknowledged() const override { return below_->unacknowledged(); }
  void reset() override {
    begin_ = end_ = 0;
    below_->reset();
  }
  bool has_unread() const override { return begin_ < end_ || below_->has_unread(); }
  bool peer_has_closed() const override { return below_->peer_has_closed(); }
  void limit_unacknowledged(std::chrono::milliseconds time) override {
    below_->limit_unacknowledged(time);
  }

 private:
  std::size_t hand_out(asio::mutable_buffer space) {
    const std::size_t size = std::min({space.size(), end_ - begin_, kMostRead});
    std::memcpy(space.data(), ahead_.data() + begin_, size);
    begin_ += size;
    return size;
  }

  const std::unique_ptr<Transport> below_;
  std::array<char, 4096> ahead_;  // [begin_, end_) is read and not handed out
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool blocks_ = false;  // the last write was refused
};

}  // namespace stampede::http::testing
