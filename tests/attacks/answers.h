#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "concurrency/mutex.h"
#include "model/ids.h"
#include "tests/crowd/answer_log.h"
#include "tests/support/buyer.h"
#include "tests/support/shop.h"
#include "tests/support/temp_dir.h"

namespace stampede::test_support {

/// What buyers were told of their purchases of a shop's only sale. Thread-safe; what is told of one
/// key is added in the order in which it came.
class Answers {
 public:
  void add(UserId buyer, ProductId product, const std::string& key, const CheckAnswer& answer) {
    const concurrency::MutexLock lock(mutex_);
    entries_.push_back({buyer, product, key, answer.status, answer.result, answer.order});
  }
  /// An attempt whose answer nobody read: it may have bought or not.
  void add_unread(UserId buyer, ProductId product, const std::string& key) {
    add(buyer, product, key, {.status = 0, .result = "lost", .order = 0, .response = {}});
  }

  /// The audit finds no breach of the sale, and none between its orders and what was told: every
  /// yes is the order that it named (I3), and every order is of somebody who asked for it and was
  /// not told no (I4).
  void expect_kept(const Shop& shop) const {
    const TempDir folder;
    const std::filesystem::path path = folder.path() / "answers.jsonl";
    write(path);
    const CommandResult audit =
        shop.try_run({"audit", "--answers", path.string(), "--demand", std::to_string(intents())});
    EXPECT_EQ(audit.exit, 0) << audit.out << audit.err;
  }

 private:
  struct Entry {
    UserId buyer;
    ProductId product;
    std::string key;
    int status = 0;
    std::string result;
    std::int64_t order = 0;
  };

  std::size_t intents() const {
    const concurrency::MutexLock lock(mutex_);
    std::set<std::string> keys;
    for (const Entry& entry : entries_) keys.insert(entry.key);
    return keys.size();
  }

  void write(const std::filesystem::path& path) const {
    const concurrency::MutexLock lock(mutex_);
    crowd::AnswerLog log(path);
    for (const Entry& entry : entries_) {
      log.append({.buyer = entry.buyer.value,
                  .product = entry.product.value,
                  .key = entry.key,
                  .status = entry.status,
                  .result = entry.result,
                  .order = entry.order});
    }
    log.close();
  }

  mutable concurrency::Mutex mutex_;
  std::vector<Entry> entries_ STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::test_support
