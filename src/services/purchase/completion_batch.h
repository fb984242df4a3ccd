#pragma once

#include <boost/container/small_vector.hpp>
#include <utility>
#include <vector>

#include "services/purchase/attempt.h"

namespace stampede::services::purchase {

/// Outcomes for waiting requests, gathered by the thread that serves each, so that every thread is
/// woken once.
class CompletionBatch {
 public:
  void add(Waiter&& waiter, const Answer& answer) {
    outcomes_of(waiter.post).emplace_back(std::move(waiter), answer);
  }

  void send() && {
    for (auto& [post, outcomes] : by_thread_) {
      (*post)([told = std::move(outcomes)]() mutable {
        for (auto& [waiter, answer] : told) waiter.resume(std::move(answer));
      });
    }
  }

 private:
  using Outcomes = std::vector<std::pair<Waiter, Answer>>;

  Outcomes& outcomes_of(const Post* post) {
    for (auto& [known, outcomes] : by_thread_) {
      if (known == post) return outcomes;
    }
    return by_thread_.emplace_back(post, Outcomes{}).second;
  }

  boost::container::small_vector<std::pair<const Post*, Outcomes>, 8> by_thread_;
};

}  // namespace stampede::services::purchase
