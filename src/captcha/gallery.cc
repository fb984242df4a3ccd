#include <pthread.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "captcha/captcha.h"
#include "identity/random.h"

namespace stampede::captcha {
namespace {

/// So many are drawn before the first is asked for; the others follow in the background.
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
    while (sem_wait(&semaphore_) != 0) {  // a signal came between
    }
  }

 private:
  sem_t semaphore_;
};

}  // namespace

/// The painter stands behind all other threads, so it may be stopped for long at any place: it
/// takes no lock that take() waits for. It leaves images on an easel; who takes one hangs them.
class Gallery::Implementation {
 public:
  explicit Implementation(std::size_t size)
      : size_(std::max<std::size_t>(size, 1)), wanted_(size_ - std::min(size_, kDrawnAtOnce)) {
    images_.reserve(size_);
    while (images_.size() < std::min(size_, kDrawnAtOnce)) images_.push_back({fresh_image(), 0});
    painter_ = std::jthread([this](const std::stop_token& stop) { paint(stop); });
  }
  ~Implementation() {
    painter_.request_stop();
    wanted_.post();
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  Image take() {
    const std::lock_guard lock(mutex_);
    hang_what_is_ready();
    // The least used; the search begins where the last one ended, so that ties go around.
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
  struct Hung {
    Image image;
    std::uint64_t uses = 0;
  };

  /// Draws one image for each that is missing or was used; while there is none, it sleeps.
  void paint(const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "captcha");
    // On Linux a thread has a niceness of its own.
    setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 19);
    while (true) {
      wanted_.wait();
      if (stop.stop_requested()) return;
      Image image = fresh_image();
      {
        const std::lock_guard lock(easel_mutex_);
        easel_.push_back(std::move(image));
      }
      ++drawn_;
    }
  }

  /// Puts new images into free places, then into the places of those most used.
  void hang_what_is_ready() {
    const std::unique_lock easel_lock(easel_mutex_, std::try_to_lock);
    if (!easel_lock) return;
    for (Image& image : easel_) {
      if (images_.size() < size_) {
        images_.push_back({std::move(image), 0});
      } else {
        *std::ranges::max_element(images_, {}, &Hung::uses) = {std::move(image), 0};
      }
    }
    easel_.clear();
  }

  const std::size_t size_;
  Semaphore wanted_;  // images missing or used, less those the painter has begun
  std::atomic<std::uint64_t> drawn_{0};
  std::mutex easel_mutex_;
  std::vector<Image> easel_;  // guarded by easel_mutex_
  std::mutex mutex_;
  std::vector<Hung> images_;  // guarded by mutex_
  std::size_t next_ = 0;      // guarded by mutex_
  std::jthread painter_;      // last: it uses all of the above
};

Gallery::Gallery(std::size_t size) : implementation_(std::make_unique<Implementation>(size)) {}
Gallery::~Gallery() = default;

Image Gallery::take() { return implementation_->take(); }
std::uint64_t Gallery::drawn() const { return implementation_->drawn(); }

}  // namespace stampede::captcha
