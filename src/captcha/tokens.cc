#include <algorithm>

#include "captcha/captcha.h"
#include "identity/claims.h"

namespace stampede::captcha {
namespace {

using identity::ClaimReader;
using identity::ClaimWriter;
using identity::Purpose;

/// The answer in upper case and without surrounding blanks, as images show it.
std::string normalise(std::string_view answer) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto first = answer.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  std::string normal(answer.substr(first, answer.find_last_not_of(kBlanks) - first + 1));
  for (char& c : normal) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return normal;
}

/// The answer filled up with zero bytes, so that the length of what is sealed tells nothing of it.
std::string padded(std::string answer) {
  answer.resize(std::max(answer.size(), Tokens::kLongestAnswer), '\0');
  return answer;
}

std::string_view without_padding(std::string_view answer) {
  return answer.substr(0, answer.find('\0'));
}

/// The claims that every challenge and pass begins with.
ClaimWriter begin_claims(const Subject& subject, Instant now) {
  return ClaimWriter()
      .integer((now + Tokens::kLifetime).time_since_epoch().count())
      .integer(subject.buyer.value)
      .integer(subject.product.value)
      .text(subject.intent.text());
}

/// Reads that beginning and compares it; when the token was sealed, if it is good.
std::optional<Instant> sealed_for(ClaimReader& claims, const Subject& subject, Instant now) {
  const Instant expires{Instant::duration{claims.integer()}};
  const bool same_buyer = claims.integer() == subject.buyer.value;
  const bool same_product = claims.integer() == subject.product.value;
  const bool same_intent = claims.text() == subject.intent.text();
  if (!(now < expires && same_buyer && same_product && same_intent)) return std::nullopt;
  return expires - Tokens::kLifetime;
}

}  // namespace

std::string Tokens::seal_challenge(const Subject& subject, Kind kind, std::string_view answer,
                                   Instant now) const {
  const ClaimWriter claims = begin_claims(subject, now)
                                 .text(padded(normalise(answer)))
                                 .integer(static_cast<std::int64_t>(kind));
  return ring_->seal(Purpose::kCaptchaChallenge, claims.bytes());
}

Judgement Tokens::judge(std::string_view challenge, std::string_view answer, const Subject& subject,
                        std::chrono::milliseconds minimum, Instant now) const {
  const auto opened = ring_->open(Purpose::kCaptchaChallenge, challenge);
  if (!opened) return {};
  ClaimReader claims(*opened);
  const auto sealed = sealed_for(claims, subject, now);
  const std::string_view right = without_padding(claims.text());
  const auto kind = claims.integer();
  if (!sealed || !claims.complete()) return {};
  Judgement judgement{.kind = kind == 0 ? Kind::kPicture : Kind::kWork};
  if (now < *sealed + minimum) {
    judgement.result = Judgement::Result::kTooSoon;
    judgement.wait = *sealed + minimum - now;
  } else if (right == normalise(answer)) {
    judgement.result = Judgement::Result::kRight;
  }
  return judgement;
}

std::string Tokens::seal_pass(const Subject& subject, Instant now) const {
  return ring_->seal(Purpose::kCaptchaPass, begin_claims(subject, now).bytes());
}

bool Tokens::pass_valid(std::string_view pass, const Subject& subject, Instant now) const {
  const auto opened = ring_->open(Purpose::kCaptchaPass, pass);
  if (!opened) return false;
  ClaimReader claims(*opened);
  return sealed_for(claims, subject, now) && claims.complete();
}

}  // namespace stampede::captcha
