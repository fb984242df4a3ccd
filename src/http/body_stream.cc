#include "http/body_stream.h"

#include <atomic>
#include <mutex>

namespace stampede::http {

/// What both ends share. Thread-safe but for watch() and unwatch(), which are for the session's
/// thread.
class BodyChannel : public std::enable_shared_from_this<BodyChannel> {
 public:
  using State = BodySource::State;

  explicit BodyChannel(Post post) : post_(std::move(post)) {}

  bool write(std::string_view bytes) {
    bool fits = false;
    {
      const std::lock_guard guard(mutex_);
      if (state_ != State::kOpen) {
        return false;
      }
      fits = waiting_.size() + on_its_way_ + bytes.size() <= BodyStream::kMostBuffered;
      if (fits) {
        waiting_ += bytes;
      } else {
        state_ = State::kCut;
      }
    }
    notify();
    return fits;
  }

  void finish(State state) {
    {
      const std::lock_guard guard(mutex_);
      if (state_ != State::kOpen) {
        return;
      }
      state_ = state;
    }
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
    const std::lock_guard guard(mutex_);
    on_its_way_ = 0;
  }

  void watch(std::function<void()> changed) { changed_ = std::move(changed); }
  void unwatch() { changed_ = {}; }

 private:
  /// One task for all that changes before it runs.
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
  std::function<void()> changed_;  // of the session's thread alone
  std::atomic<bool> notified_{false};
  mutable std::mutex mutex_;
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
void BodySource::stop() { channel_->finish(State::kEnded); }

std::pair<BodyStream, BodySource> make_body_stream(Post post) {
  const auto channel = std::make_shared<BodyChannel>(std::move(post));
  return {BodyStream(channel), BodySource(channel)};
}

}  // namespace stampede::http
