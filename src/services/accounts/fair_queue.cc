#include "services/accounts/fair_queue.h"

#include <algorithm>
#include <utility>

namespace stampede::services::accounts {

FairQueue::Pushed FairQueue::push(std::uint64_t number, std::string_view name, Task&& task) {
  const concurrency::MutexLock lock(mutex_);
  const auto known = by_number_.find(number);
  const std::size_t waiting = known == by_number_.end() ? 0 : known->second->size;
  if (waiting >= limits_.per_network) return {.refused = Refused::kFull};
  if (waiting > 0) {
    const auto& accounts = known->second->by_name;
    const auto account = accounts.find(std::string(name));
    if (account != accounts.end() && account->second->tasks.size() >= limits_.per_account) {
      return {.refused = Refused::kAccount};
    }
  }
  Pushed pushed;
  if (size_ >= limits_.in_all) {
    const auto most = longest();
    if (most == in_turn_.end() || most->size <= waiting + 1) return {.refused = Refused::kFull};
    pushed.displaced = take_newest(most);
  }
  auto network = in_turn_.end();
  if (waiting > 0) {
    network = known->second;
  } else {
    network = in_turn_.insert(in_turn_.end(), Network{.number = number});
    by_number_[number] = network;
  }
  auto account = network->by_name.find(std::string(name));
  if (account == network->by_name.end()) {
    const auto last =
        network->in_turn.insert(network->in_turn.end(), Account{std::string(name), {}});
    account = network->by_name.emplace(last->name, last).first;
  }
  account->second->tasks.push_back(std::move(task));
  ++network->size;
  ++size_;
  return pushed;
}

FairQueue::Task FairQueue::pop() {
  const concurrency::MutexLock lock(mutex_);
  if (in_turn_.empty()) return nullptr;
  const auto network = in_turn_.begin();
  const auto account = network->in_turn.begin();
  Task task = std::move(account->tasks.front());
  account->tasks.pop_front();
  --network->size;
  --size_;
  network->in_turn.splice(network->in_turn.end(), network->in_turn, account);
  in_turn_.splice(in_turn_.end(), in_turn_, network);
  drop_empty(network, account);
  return task;
}

FairQueue::Networks::iterator FairQueue::longest() {
  return std::ranges::max_element(in_turn_, {}, &Network::size);
}

FairQueue::Task FairQueue::take_newest(Networks::iterator network) {
  const auto account = std::prev(network->in_turn.end());
  Task task = std::move(account->tasks.back());
  account->tasks.pop_back();
  --network->size;
  --size_;
  drop_empty(network, account);
  return task;
}

void FairQueue::drop_empty(Networks::iterator network, std::list<Account>::iterator account) {
  if (account->tasks.empty()) {
    network->by_name.erase(account->name);
    network->in_turn.erase(account);
  }
  if (network->size > 0) return;
  by_number_.erase(network->number);
  in_turn_.erase(network);
}

}  // namespace stampede::services::accounts
