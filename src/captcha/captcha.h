#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "identity/key_ring.h"
#include "model/idempotency_key.h"
#include "model/ids.h"
#include "model/time.h"

namespace stampede::captcha {

/// What a challenge and its pass are bound to: they are good for this and nothing else.
struct Subject {
  UserId buyer;
  ProductId product;
  IdempotencyKey intent;
};

/// Seals and opens challenges and passes (docs/design.md#http). No state: replaying a pass only
/// repeats its own intent. Thread-safe; `ring` must outlive it.
class Tokens {
 public:
  static constexpr std::chrono::seconds kLifetime{120};

  explicit Tokens(const identity::KeyRing& ring) : ring_(&ring) {}

  std::string seal_challenge(const Subject& subject, std::string_view answer, Instant now) const;
  /// True if `answer` (without regard to case and surrounding blanks) solves the challenge, which
  /// is this subject's and has not expired.
  bool solves(std::string_view challenge, std::string_view answer, const Subject& subject,
              Instant now) const;
  std::string seal_pass(const Subject& subject, Instant now) const;
  bool pass_valid(std::string_view pass, const Subject& subject, Instant now) const;

 private:
  const identity::KeyRing* ring_;
};

/// A drawn captcha and what it says.
struct Image {
  std::string answer;
  std::shared_ptr<const std::string> png;
};

/// Draws one captcha with Cairo, 200 x 70 pixels: five warped letters and digits, from an alphabet
/// without look-alikes, under noise. The same for the same seed and font. Thread-safe; takes a few
/// ms. Throws std::runtime_error if Cairo cannot.
Image draw(std::uint64_t seed);

/// Captchas drawn ahead by a background thread of low priority, so that drawing never delays a
/// purchase. Thread-safe.
class ImagePool {
 public:
  /// Draws a few images itself, so that take() can answer at once; the thread draws the others.
  explicit ImagePool(std::size_t size = 256);
  ~ImagePool();
  ImagePool(const ImagePool&) = delete;
  ImagePool& operator=(const ImagePool&) = delete;

  /// A ready image, at once. In a rush, images are handed out more than once before the background
  /// thread replaces them, the most used first; the challenge still binds each to its buyer.
  Image take();
  /// Images that the background thread has drawn.
  std::uint64_t drawn() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace stampede::captcha
