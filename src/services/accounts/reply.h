#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <utility>

#include "services/accounts/accounts.h"

// Of accounts.cc alone.
namespace stampede::services::accounts {

/// What Accounts::statistics() tells, as it is counted.
struct Counts {
  std::atomic<std::uint64_t> registered{0};
  std::atomic<std::uint64_t> logged_in{0};
  std::array<std::atomic<std::uint64_t>, kAccountErrors> refused{};
};

/// A callback that is called exactly once: with kOverloaded if it is dropped before, be it because
/// the pool's queue is full or because the pool ends.
class Reply {
 public:
  Reply(Counts& counts, LoginDone done) : counts_(&counts), done_(std::move(done)) {}
  Reply(Reply&& other) noexcept
      : counts_(other.counts_), done_(std::exchange(other.done_, nullptr)) {}
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  Reply& operator=(Reply&&) = delete;
  ~Reply() {
    if (done_) (*this)(std::unexpected(AccountError::kOverloaded));
  }

  void operator()(std::expected<Login, AccountError> answer) {
    if (!answer) ++counts_->refused[static_cast<std::size_t>(answer.error())];
    std::exchange(done_, nullptr)(std::move(answer));
  }

 private:
  Counts* counts_;
  LoginDone done_;
};

}  // namespace stampede::services::accounts
