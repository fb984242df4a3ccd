#pragma once

#include <chrono>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "concurrency/mutex.h"
#include "controllers/background.h"
#include "controllers/clock.h"
#include "controllers/stream_limit.h"
#include "http/server/handlers/responder.h"

namespace stampede::controllers {

/// One event, as it goes over the wire. Neither may have a line break.
std::string event_text(std::string_view name, std::string_view data);

/// Server-Sent Events (HTML standard, 9.2) to one open page. Ended by end(), by the page, by the
/// server's drain, or because the page reads too slowly (http::BodyStream). For one thread at a
/// time.
class EventStream {
 public:
  /// A stream on which nothing was sent for this long sends a comment, so that no proxy closes it.
  static constexpr std::chrono::seconds kKeepAlive{15};

  /// Answers with the head, and tells the page when to connect again if the connection is lost:
  /// after 1 to 3 s, by `page`, so that after a restart not every page returns at the same moment.
  EventStream(StreamLimit::Place place, http::Responder responder, std::string_view page, Tick now);

  UserId user() const { return place_.buyer(); }
  /// When it was opened.
  Tick began() const { return began_; }
  bool closed() const { return stream_.closed(); }
  /// `event` is made by event_text().
  void send(std::string_view event, Tick now);
  /// Sends a comment if it is time for one.
  void keep_alive(Tick now);
  void end() { stream_.end(); }

 private:
  StreamLimit::Place place_;
  http::BodyStream stream_;
  Tick began_;
  Tick last_sent_;
};

/// The open event streams of one kind. Each is opened on a thread of the server's, with a Topic
/// that says what its page follows; all are fed by one other thread.
template <class Topic>
class EventStreams {
 public:
  struct Subscriber {
    Topic topic;
    EventStream stream;
  };

  explicit EventStreams(const StreamLimit::Limits& limits)
      : oldest_(limits.oldest), places_(limits) {}

  /// Opens a stream, or answers 503 if there is no place for it. Thread-safe.
  void open(http::Responder responder, const StreamLimit::Taker& taker, std::string_view page,
            Tick now, Topic topic) {
    auto place = places_.take(taker);
    if (!place) return responder(unavailable());
    Subscriber subscriber{std::move(topic),
                          EventStream(std::move(*place), std::move(responder), page, now)};
    const concurrency::MutexLock lock(mutex_);
    arrived_.push_back(std::move(subscriber));
  }

  /// The open streams, for the one thread that feeds them: with those that were opened since the
  /// last call, without those that are closed, too old or that `stays` is false for, which end.
  /// Keeps them alive: to be called before a database is asked that may be away.
  template <class Stays>
  std::vector<Subscriber>& refresh(Tick now, Stays stays) {
    {
      const concurrency::MutexLock lock(mutex_);
      subscribers_.insert(subscribers_.end(), std::move_iterator(arrived_.begin()),
                          std::move_iterator(arrived_.end()));
      arrived_.clear();
    }
    for (Subscriber& subscriber : subscribers_) {
      const bool old = now - subscriber.stream.began() >= oldest_;
      if (old || !stays(std::as_const(subscriber))) subscriber.stream.end();
    }
    std::erase_if(subscribers_,
                  [](const Subscriber& subscriber) { return subscriber.stream.closed(); });
    for (Subscriber& subscriber : subscribers_) subscriber.stream.keep_alive(now);
    return subscribers_;
  }

  /// The number of open streams. Thread-safe.
  std::size_t size() const { return places_.taken(); }

 private:
  const std::chrono::seconds oldest_;
  StreamLimit places_;
  std::vector<Subscriber> subscribers_;  // used only by the thread that calls refresh()

  concurrency::Mutex mutex_;
  std::vector<Subscriber> arrived_ STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::controllers
