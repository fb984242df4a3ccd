#include <pthread.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "captcha/captcha.h"
#include "concurrency/mutex.h"
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
      : size_(std::max<std::size_t>(size, 1)), wanted_(size_ - std::min(size_, kDrawnAtOnce)) {
    images_.reserve(size_);
    while (images_.size() < std::min(size_, kDrawnAtOnce)) images_.push_back({fresh_image(), 0});
    drawing_thread_ = std::jthread([this](const std::stop_token& stop) { draw_wanted(stop); });
  }
  ~Implementation() {
    drawing_thread_.request_stop();
    wanted_.post();
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  Image take() {
    const concurrency::MutexLock lock(mutex_);
    adopt_fresh();
    // Choose the least used image. The search begins where the last one ended, so that images used
    // equally often take turns.
    std::size_t chosen = next_ % images_.size();
    for (std::size_t i = 1; i < images_.size() && images_[chosen].uses > 0; ++i) {
      const std::size_t other = (next_ + i) % images_.size();
      if (images_[other].uses < images_[chosen].uses) chosen = other;
    }
    next_ = chosen + 1;
    if (images_[chosen].uses++ == 0) wanted_.post();
    return images_[chosen].image;
  }

  std::uint64_t drawn() const { return drawn_; }

 private:
  struct Slot {
    Image image;
    std::uint64_t uses = 0;
  };

  /// Draws one image for each that is missing or was used; sleeps while there is none.
  void draw_wanted(const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "captcha");
    // On Linux each thread has its own nice value.
    setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 19);
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

  /// Moves new images into free slots, then into the slots of the images used most.
  void adopt_fresh() STAMPEDE_REQUIRES(mutex_) {
    std::vector<Image> fresh;
    if (!fresh_mutex_.try_lock()) return;
    fresh.swap(fresh_);
    fresh_mutex_.unlock();
    for (Image& image : fresh) {
      if (images_.size() < size_) {
        images_.push_back({std::move(image), 0});
      } else {
        *std::ranges::max_element(images_, {}, &Slot::uses) = {std::move(image), 0};
      }
    }
  }

  const std::size_t size_;
  Semaphore wanted_;  // counts images that are missing or used and not yet being drawn
  std::atomic<std::uint64_t> drawn_{0};
  concurrency::Mutex fresh_mutex_;
  std::vector<Image> fresh_ STAMPEDE_GUARDED_BY(fresh_mutex_);
  concurrency::Mutex mutex_;
  std::vector<Slot> images_ STAMPEDE_GUARDED_BY(mutex_);
  std::size_t next_ STAMPEDE_GUARDED_BY(mutex_) = 0;
  std::jthread drawing_thread_;  // last: it uses all of the above
};

ImagePool::ImagePool(std::size_t size) : implementation_(std::make_unique<Implementation>(size)) {}
ImagePool::~ImagePool() = default;

Image ImagePool::take() { return implementation_->take(); }
std::uint64_t ImagePool::drawn() const { return implementation_->drawn(); }

}  // namespace stampede::captcha
