#pragma once

#include <boost/container/small_vector.hpp>
#include <utility>
#include <vector>

#include "model/verdict.h"
#include "services/purchase/checkout.h"

namespace stampede::services::purchase {

/// Answers for many waiters, gathered per thread of the door, so that each is woken once.
class Mail {
 public:
  void add(Waiter&& waiter, const Answer& answer) {
    letters_of(waiter.post).emplace_back(std::move(waiter), answer);
  }

  void send() && {
    for (auto& [post, letters] : boxes_) {
      (*post)([box = std::move(letters)]() mutable {
        for (auto& [waiter, answer] : box) waiter.resume(std::move(answer));
      });
    }
  }

 private:
  using Letters = std::vector<std::pair<Waiter, Answer>>;

  Letters& letters_of(const Post* post) {
    for (auto& [known, letters] : boxes_) {
      if (known == post) return letters;
    }
    return boxes_.emplace_back(post, Letters{}).second;
  }

  boost::container::small_vector<std::pair<const Post*, Letters>, 8> boxes_;
};

}  // namespace stampede::services::purchase
