#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "http/asio_types.h"
#include "http/server/arrival_time.h"
#include "http/server/connections.h"
#include "http/server/handlers/responder.h"
#include "http/server/messages/request_reader.h"
#include "http/server/messages/response_writer.h"
#include "http/server/request_sender.h"
#include "http/transport.h"

namespace stampede::http {

class Loop;

/// One connection: a coroutine that reads requests, has them answered in order and writes. It lives
/// on one thread, as everything here does but post() and abandon(). It owns itself: it ends with
/// its coroutine, or with the last Responder if that is still out then (with the peer or the server
/// gone).
class Session final : public Exchange,
                      public boost::intrusive::list_base_hook<
                          boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  /// Serves `transport` until it is closed. `peer` is normalised.
  static void start(Loop& loop, std::unique_ptr<Transport> transport, ConnectionCaps::Slot slot,
                    const asio::ip::address& peer);

  void answer(Response&& response) override;
  void stream(Response&& head, BodySource body) override;
  const Post& post() const override { return *post_; }
  void abandon() noexcept override { delete this; }

  /// Links a session to those that wait for their peers.
  using WaitingHook = boost::intrusive::list_member_hook<
      boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
  WaitingHook waiting;

  Clock::time_point deadline() const { return deadline_; }
  /// Since when it has waited for the whole of a request, or for its peer to read; while `waiting`
  /// is linked.
  Clock::time_point waiting_since() const { return waiting_since_; }
  /// Open connections of its network; 0 behind a trusted proxy.
  std::size_t held_by_its_network() const { return slot_ ? slot_->of_its_network() : 0; }
  bool of_many() const { return slot_ && slot_->of_many(); }
  /// What it waits for has come and will be read next: nobody may close it for another one's sake.
  bool request_is_here() const { return reading_ && transport_->has_unread(); }
  /// Closes while `waiting` is linked, to make room for another connection.
  void make_room();
  /// The deadline has passed: answers 408 if a request was on its way, and closes.
  void expire();
  /// Closes if no request is under way; otherwise the next answer is the last. Ends or cuts a
  /// stream.
  void drain();
  /// Closes at once.
  void abort();

 private:
  Session(Loop& loop, std::unique_ptr<Transport> transport, ConnectionCaps::Slot slot,
          const asio::ip::address& peer);
  ~Session() = default;

  Awaitable<void> serve();
  std::optional<RequestReader::Progress> advance();
  Awaitable<bool> answered();
  Awaitable<bool> others_turn();
  void begin_waiting();
  void begin_waiting_for_reader();
  void end_waiting();
  Awaitable<bool> write_rest();
  Awaitable<void> linger();
  void end();

  // Streamed answers, in session_stream.cc.
  Awaitable<void> stream_body();
  Awaitable<bool> write_body(bool chunked);
  Awaitable<void> resumed();
  void watch_peer();
  void wake();

  /// The request may have come long ago, and its peer has given it up since.
  bool given_up();
  bool refused_by_head();
  void dispatch();
  bool gives_way() const;
  bool write_answer();
  void refuse(const Refusal& refusal);

  error_code write_now();
  std::size_t not_taken() const;
  void arm(Clock::duration limit);

  Loop& loop_;
  const std::shared_ptr<const Post> post_;
  std::unique_ptr<Transport> transport_;      // gone when the coroutine has ended
  std::optional<ConnectionCaps::Slot> slot_;  // likewise
  const RequestSender sender_;

  RequestReader reader_;
  ArrivalTime arrival_;  // deadline_ is by it while a request is waited for
  ResponseWriter writer_;
  Response response_;  // the answer, until the coroutine writes it

  Clock::time_point deadline_ = Clock::time_point::max();
  Clock::time_point waiting_since_;
  unsigned in_a_row_ = 0;                   // requests answered without another connection's turn
  std::move_only_function<void()> resume_;  // set while the coroutine waits for wake()
  bool arriving_ = false;                   // linked by `waiting` to those that never asked
  bool reading_ = false;
  bool maybe_older_ = false;     // what is read next may have come before the last answer
  bool behind_another_ = false;  // and so did the beginning of the request that is read
  bool awaiting_ = false;        // a Responder is out
  bool orphaned_ = false;        // and the coroutine has ended
  bool expired_ = false;
  bool aborted_ = false;

  std::optional<BodySource> body_;  // of the answer, if it is streamed; then also:
  bool body_changed_ = false;
  bool body_over_ = false;         // or the peer is gone
  bool watching_peer_ = false;     // watch_peer() has not called back yet
  std::size_t unasked_bytes_ = 0;  // from the peer
};

}  // namespace stampede::http
