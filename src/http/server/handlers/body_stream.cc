#include "http/server/handlers/body_stream.h"

#include <atomic>

#include "concurrency/mutex.h"

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
      const concurrency::MutexLock guard(mutex_);
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
        const concurrency::MutexLock guard(mutex_);
        const auto ready = [this]() STAMPEDE_REQUIRES(mutex_) {
          return state_ != State::kOpen || room() > 0;
        };
        if (!room_made_.wait_for(mutex_, patience, ready)) {
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
      const concurrency::MutexLock guard(mutex_);
      if (state_ != State::kOpen) {
        return;
      }
      state_ = state;
    }
    room_made_.notify_all();
    notify();
  }

  State state() const {
    const concurrency::MutexLock guard(mutex_);
    return state_;
  }

  BodySource::Part take() {
    const concurrency::MutexLock guard(mutex_);
    on_its_way_ = waiting_.size();
    return {std::exchange(waiting_, {}), state_};
  }

  void sent() {
    {
      const concurrency::MutexLock guard(mutex_);
      on_its_way_ = 0;
    }
    room_made_.notify_all();
  }

  void watch(std::function<void()> changed) { changed_ = std::move(changed); }
  void unwatch() { changed_ = {}; }

 private:
  std::size_t room() const STAMPEDE_REQUIRES(mutex_) {
    return BodyStream::kMostBuffered - waiting_.size() - on_its_way_;
  }

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
  mutable concurrency::Mutex mutex_;
  concurrency::Condition room_made_;
  std::string waiting_ STAMPEDE_GUARDED_BY(mutex_);
  std::size_t on_its_way_ STAMPEDE_GUARDED_BY(mutex_) = 0;  // taken, not sent yet
  State state_ STAMPEDE_GUARDED_BY(mutex_) = State::kOpen;
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
