#pragma once

#include <chrono>
#include <cstddef>
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

/// The ways to a pass.
enum class Kind : std::uint8_t {
  kPicture,  // characters to read
  kWork,     // a number to compute (captcha/proof_of_work.h)
  kExternal  // a challenge of somebody else (captcha/external), which Tokens does not seal
};

/// What an answer to a challenge is worth.
struct Judgement {
  enum class Result : std::uint8_t {
    kWrong,    // or expired, or another's challenge: nothing tells which
    kTooSoon,  // whatever the answer is, which was not looked at
    kRight
  };
  Result result = Result::kWrong;
  Kind kind = Kind::kPicture;         // of a challenge that is this subject's and has not expired
  std::chrono::milliseconds wait{0};  // until the answer is taken, if it came too soon
};

/// Seals and opens challenges and passes (docs/design.md#captcha). No state: replaying a pass only
/// repeats its own intent. Thread-safe; `ring` must outlive it.
class Tokens {
 public:
  static constexpr std::chrono::seconds kLifetime{120};
  static constexpr std::size_t kLongestAnswer = 20;  // characters: any number has fewer digits

  explicit Tokens(const identity::KeyRing& ring) : ring_(&ring) {}

  /// All challenges of an intent have one length, whatever their kind and `answer`, which has no
  /// zero byte and at most kLongestAnswer characters.
  std::string seal_challenge(const Subject& subject, Kind kind, std::string_view answer,
                             Instant now) const;
  /// Whether `answer` (without regard to case and surrounding blanks) solves the challenge, which
  /// is this subject's and has not expired, and whether `minimum` has passed since it was sealed.
  Judgement judge(std::string_view challenge, std::string_view answer, const Subject& subject,
                  std::chrono::milliseconds minimum, Instant now) const;
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

/// Draws one captcha with Cairo, 260 x 130 pixels: eight letters and digits from an alphabet
/// without look-alikes, on two lines. The answer is the four to six on the line that starts at a
/// dot, in their order on it (docs/design.md#captcha). The same for the same seed and fonts.
/// Thread-safe; takes a few ms. Throws std::runtime_error if Cairo cannot.
Image draw(std::uint64_t seed);

/// Captchas drawn ahead by a background thread of low priority, so that drawing never delays a
/// purchase. Each is handed out once. Thread-safe.
class ImagePool {
 public:
  /// Holds up to `size` images. Draws a few itself, so that take() can answer at once; the thread
  /// draws the others.
  explicit ImagePool(std::size_t size = 256);
  ~ImagePool();
  ImagePool(const ImagePool&) = delete;
  ImagePool& operator=(const ImagePool&) = delete;

  /// An image that nobody was given before, at once; nullopt while none is ready: the thread has
  /// not drawn as fast as they were taken.
  std::optional<Image> take();
  /// Less than half of what it holds is ready: more are taken than the thread draws.
  bool scarce();
  /// Images that the background thread has drawn.
  std::uint64_t drawn() const;
  /// How often take() had none.
  std::uint64_t missed() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace stampede::captcha
