#include "app/terminal/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace stampede::app {
namespace {

constexpr std::int64_t kWidth = 40;
constexpr std::chrono::milliseconds kPeriod{100};

}  // namespace

Progress::Progress(std::string what, std::int64_t total)
    : what_(std::move(what)),
      total_(std::max<std::int64_t>(total, 1)),
      shown_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
}

void Progress::advance(std::int64_t steps) {
  done_ = std::min(done_ + steps, total_);
  if (!shown_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - drawn_ < kPeriod) return;
  drawn_ = now;
  draw();
}

void Progress::draw() {
  const double share = static_cast<double>(done_) / static_cast<double>(total_);
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(kWidth));
  const std::string bar = std::string(filled, '#') + std::string(kWidth - filled, '.');
  fmt::print(stderr, "\r{} [{}] {:3.0f} %\x1b[K", what_, bar, share * 100);
  std::fflush(stderr);
}

}  // namespace stampede::app
