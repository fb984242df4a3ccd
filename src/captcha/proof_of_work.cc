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

/// Of a buyer's nth task within a minute, as a factor.
std::int64_t own_price(int nth) {
  std::int64_t price = 1;
  for (int i = ProofOfWork::kOwnCalm; i < nth && price < ProofOfWork::kDearest; ++i) price *= 2;
  return price;
}

}  // namespace

ProofOfWork::Task ProofOfWork::give(Tick now, int nth) {
  Task task{.most = most_ * std::max(own_price(nth), price_for_all(now, nth <= 1))};
  std::array<unsigned char, 16> salt{};
  identity::fill_random(salt);
  task.salt = hex(salt);
  task.number = static_cast<std::int64_t>(identity::random_number() %
                                          (static_cast<std::uint64_t>(task.most) + 1));
  task.challenge = sha256(task.salt + std::to_string(task.number));
  return task;
}

std::int64_t ProofOfWork::price_for_all(Tick now, bool first) {
  const concurrency::MutexLock lock(mutex_);
  if (now >= window_ + kWindow) {
    given_before_ = now < window_ + 2 * kWindow ? given_ : 0;
    given_ = 0;
    window_ = now;
  }
  if (first) ++given_;
  return std::clamp(std::max(given_, given_before_) / kCalm, std::int64_t{1}, kDearest);
}

}  // namespace stampede::captcha
