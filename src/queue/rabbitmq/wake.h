#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <system_error>

namespace stampede::queue::rabbitmq {

/// Wakes a thread that waits on files. Thread-safe.
class Wake {
 public:
  Wake() : file_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (file_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  ~Wake() { close(file_); }
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  int file() const { return file_; }
  void set() { eventfd_write(file_, 1); }  // fails only if it is set already
  void clear() {
    eventfd_t ignored = 0;
    eventfd_read(file_, &ignored);
  }
  /// Until it is set, or the time is over.
  void wait(std::chrono::milliseconds most) const {
    pollfd file{.fd = file_, .events = POLLIN, .revents = 0};
    ::poll(&file, 1, static_cast<int>(most.count()));
  }

 private:
  int file_;
};

}  // namespace stampede::queue::rabbitmq
