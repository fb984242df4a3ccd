#include "http/server/body_stream.h"

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace stampede::http {

/// What both ends share. Thread-safe but for watch() and unwatch(), which are for the session's
/// thread.
class BodyChannel : public std::enable_shared_from_this<BodyChannel> {
 public:
  using State = BodySource::State;

  BodyChannel(Post post, AtDrain at_drain) : post_(std::move(post)), at_drain_(at_drain) {}

  bool write(std::string_view bytes) {
    bool fits = false;
    {
      const std::lock_guard guard(mutex_);
      if (state_ != State::kOpen) {
        return false;
      }
      fits = bytes.size() <= room();
      if (fits) {
        waiting_ += bytes;
      } else {
        state_ = State::kCut;
      }
    }
    notify();
    return fits;
  }

  bool write_when_room(std::string_view bytes, std::chrono::milliseconds patience) {
    while (!bytes.empty()) {
      {
        std::unique_lock guard(mutex_);
        const auto ready = [this] { return state_ != State::kOpen || room() > 0; };
        if (!room_made_.wait_for(guard, patience, ready)) {
          state_ = State::kCut;
        } else if (state_ == State::kOpen) {
          const std::string_view part = bytes.substr(0, room());
          waiting_ += part;
          bytes.remove_prefix(part.size());
        } else {
          return false;
        }
      }
      notify();
    }
    return state() == State::kOpen;
  }

  void drain() { finish(at_drain_ == AtDrain::kEnd ? State::kEnded : State::kCut); }

  void finish(State state) {
    {
      const std::lock_guard guard(mutex_);
      if (state_ != State::kOpen) {
        return;
      }
      state_ = state;
    }
    room_made_.notify_all();
    notify();
  }

  State state() const {
    const std::lock_guard guard(mutex_);
    return state_;
  }

  BodySource::Part take() {
    const std::lock_guard guard(mutex_);
    on_its_way_ = waiting_.size();
    return {std::exchange(waiting_, {}), state_};
  }

  void sent() {
    {
      const std::lock_guard guard(mutex_);
      on_its_way_ = 0;
    }
    room_made_.notify_all();
  }

  void watch(std::function<void()> changed) { changed_ = std::move(changed); }
  void unwatch() { changed_ = {}; }

 private:
  /// Under mutex_.
  std::size_t room() const { return BodyStream::kMostBuffered - waiting_.size() - on_its_way_; }

  /// Posts one task for all changes that happen before it runs.
  void notify() {
    if (notified_.exchange(true)) {
      return;
    }
    post_([channel = shared_from_this()] {
      channel->notified_ = false;
      if (channel->changed_) {
        channel->changed_();
      }
    });
  }

  const Post post_;
  const AtDrain at_drain_;
  std::function<void()> changed_;  // of the session's thread alone
  std::atomic<bool> notified_{false};
  mutable std::mutex mutex_;
  std::condition_variable room_made_;
  std::string waiting_;         // guarded by mutex_
  std::size_t on_its_way_ = 0;  // guarded by mutex_; taken, not sent yet
  State state_ = State::kOpen;  // guarded by mutex_
};

BodyStream::~BodyStream() {
  if (channel_) {
    channel_->finish(BodySource::State::kCut);
  }
}

bool BodyStream::write(std::string_view bytes) { return channel_->write(bytes); }
bool BodyStream::write_when_room(std::string_view bytes, std::chrono::milliseconds patience) {
  return channel_->write_when_room(bytes, patience);
}
void BodyStream::end() { channel_->finish(BodySource::State::kEnded); }
bool BodyStream::closed() const { return channel_->state() != BodySource::State::kOpen; }

BodySource::~BodySource() {
  if (channel_) {
    channel_->unwatch();
    channel_->finish(State::kCut);
  }
}

void BodySource::watch(std::function<void()> changed) { channel_->watch(std::move(changed)); }
BodySource::State BodySource::state() const { return channel_->state(); }
BodySource::Part BodySource::take() { return channel_->take(); }
void BodySource::sent() { channel_->sent(); }
void BodySource::drain() { channel_->drain(); }

std::pair<BodyStream, BodySource> make_body_stream(Post post, AtDrain at_drain) {
  const auto channel = std::make_shared<BodyChannel>(std::move(post), at_drain);
  return {BodyStream(channel), BodySource(channel)};
}

}  // namespace stampede::http
