#include <pthread.h>
#include <semaphore.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <thread>
#include <utility>
#include <vector>

#include "captcha/captcha.h"
#include "concurrency/mutex.h"
#include "concurrency/stand_back.h"
#include "identity/random.h"

namespace stampede::captcha {
namespace {

/// The constructor draws this many; the drawing thread draws the others.
constexpr std::size_t kDrawnAtOnce = 8;

Image fresh_image() { return draw(identity::random_number()); }

/// Counts without a lock (sem_overview(7)), so that post() never waits for a thread that sleeps.
class Semaphore {
 public:
  explicit Semaphore(std::size_t count) { sem_init(&semaphore_, 0, static_cast<unsigned>(count)); }
  ~Semaphore() { sem_destroy(&semaphore_); }
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  void post() { sem_post(&semaphore_); }
  void wait() {
    while (sem_wait(&semaphore_) != 0) {  // a signal interrupted it
    }
  }

 private:
  sem_t semaphore_;
};

}  // namespace

/// The drawing thread has the lowest priority, so the kernel may suspend it for long at any place.
/// It therefore holds no lock that take() waits for: it puts new images into `fresh_`, and take()
/// moves them into the pool when that lock happens to be free.
class ImagePool::Implementation {
 public:
  explicit Implementation(std::size_t size)
      : size_(size), wanted_(std::max(size, kDrawnAtOnce) - kDrawnAtOnce) {
    while (ready_.size() < std::clamp<std::size_t>(size, 1, kDrawnAtOnce)) {
      ready_.push_back(fresh_image());
    }
    drawing_thread_ = std::jthread([this](const std::stop_token& stop) { draw_wanted(stop); });
  }
  ~Implementation() {
    drawing_thread_.request_stop();
    wanted_.post();
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  std::optional<Image> take() {
    const concurrency::MutexLock lock(mutex_);
    adopt_fresh();
    if (ready_.empty()) {
      ++missed_;
      return std::nullopt;
    }
    // It leaves the pool: no second buyer can be given it.
    std::optional<Image> image = std::move(ready_.back());
    ready_.pop_back();
    wanted_.post();
    return image;
  }

  bool scarce() {
    const concurrency::MutexLock lock(mutex_);
    adopt_fresh();
    return ready_.size() * 2 < size_;
  }

  std::uint64_t drawn() const { return drawn_; }
  std::uint64_t missed() const { return missed_; }

 private:
  /// Draws one image for each that is missing or was taken; sleeps while there is none.
  void draw_wanted(const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "captcha");
    // At 10 it has a tenth of a core that others fill: some 25 pictures a second. At 19 it had a
    // few, and buyers without a picture buy nothing.
    concurrency::stand_back(10);
    while (true) {
      wanted_.wait();
      if (stop.stop_requested()) return;
      Image image = fresh_image();
      {
        const concurrency::MutexLock lock(fresh_mutex_);
        fresh_.push_back(std::move(image));
      }
      ++drawn_;
    }
  }

  void adopt_fresh() STAMPEDE_REQUIRES(mutex_) {
    if (!fresh_mutex_.try_lock()) return;
    std::ranges::move(fresh_, std::back_inserter(ready_));
    fresh_.clear();
    fresh_mutex_.unlock();
  }

  const std::size_t size_;
  Semaphore wanted_;  // counts images that are missing or taken and not yet being drawn
  std::atomic<std::uint64_t> drawn_{0};
  std::atomic<std::uint64_t> missed_{0};
  concurrency::Mutex fresh_mutex_;
  std::vector<Image> fresh_ STAMPEDE_GUARDED_BY(fresh_mutex_);
  concurrency::Mutex mutex_;
  std::vector<Image> ready_ STAMPEDE_GUARDED_BY(mutex_);
  std::jthread drawing_thread_;  // last: it uses all of the above
};

ImagePool::ImagePool(std::size_t size) : implementation_(std::make_unique<Implementation>(size)) {}
ImagePool::~ImagePool() = default;

std::optional<Image> ImagePool::take() { return implementation_->take(); }
bool ImagePool::scarce() { return implementation_->scarce(); }
std::uint64_t ImagePool::drawn() const { return implementation_->drawn(); }
std::uint64_t ImagePool::missed() const { return implementation_->missed(); }

}  // namespace stampede::captcha
