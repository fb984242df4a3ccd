#include "captcha/proof_of_work.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <span>

#include "identity/random.h"

namespace stampede::captcha {
namespace {

std::string hex(std::span<const unsigned char> bytes) {
  std::string text(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
  text.pop_back();
  return text;
}

std::string sha256(const std::string& text) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  return hex(hash);
}

}  // namespace

ProofOfWork::Task ProofOfWork::give(Tick now) {
  Task task{.most = most_ * price(now)};
  std::array<unsigned char, 16> salt{};
  identity::fill_random(salt);
  task.salt = hex(salt);
  task.number = static_cast<std::int64_t>(identity::random_number() %
                                          (static_cast<std::uint64_t>(task.most) + 1));
  task.challenge = sha256(task.salt + std::to_string(task.number));
  return task;
}

std::int64_t ProofOfWork::price(Tick now) {
  const concurrency::MutexLock lock(mutex_);
  if (now >= window_ + kWindow) {
    given_before_ = now < window_ + 2 * kWindow ? given_ : 0;
    given_ = 0;
    window_ = now;
  }
  ++given_;
  return std::clamp(std::max(given_, given_before_) / kCalm, std::int64_t{1}, kDearest);
}

}  // namespace stampede::captcha
