#include "http/tls/ticket_keys.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "http/tls/openssl_error.h"

namespace stampede::http::tls {
namespace {

TicketKeys::Key drawn_key() {
  TicketKeys::Key key;
  static_assert(sizeof key == TicketKeys::kNameSize + 64);
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&key), sizeof key) != 1) {
    throw std::runtime_error("no random numbers for a session ticket's key: " + openssl_error());
  }
  return key;
}

}  // namespace

TicketKeys::TicketKeys(std::function<Clock::time_point()> now)
    : now_(std::move(now)), current_(drawn_key()), drawn_(now_()) {}

TicketKeys::~TicketKeys() {
  OPENSSL_cleanse(&current_, sizeof current_);
  if (previous_) OPENSSL_cleanse(&*previous_, sizeof *previous_);
}

void TicketKeys::rotate_if_due() {
  const auto now = now_();
  const auto age = now - drawn_;
  if (age < kPeriod) return;
  const Key next = drawn_key();
  if (previous_) OPENSSL_cleanse(&*previous_, sizeof *previous_);
  previous_.reset();
  // A ticket of it may be as old as a period: it is kept for one more.
  if (age < 2 * kPeriod) previous_ = current_;
  current_ = next;
  drawn_ = age < 2 * kPeriod ? drawn_ + kPeriod : now;
}

TicketKeys::Key TicketKeys::current() {
  const concurrency::MutexLock lock(mutex_);
  rotate_if_due();
  return current_;
}

std::optional<TicketKeys::Found> TicketKeys::find(std::span<const unsigned char, kNameSize> name) {
  const concurrency::MutexLock lock(mutex_);
  rotate_if_due();
  if (std::ranges::equal(name, current_.name)) return Found{current_, true};
  if (previous_ && std::ranges::equal(name, previous_->name)) return Found{*previous_, false};
  return std::nullopt;
}

}  // namespace stampede::http::tls
