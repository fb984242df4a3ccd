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

/// The claims that every challenge and pass begins with.
ClaimWriter begin_claims(const Subject& subject, Instant now) {
  return ClaimWriter()
      .integer((now + Tokens::kLifetime).time_since_epoch().count())
      .integer(subject.buyer.value)
      .integer(subject.product.value)
      .text(subject.intent.text());
}

/// Reads that beginning and compares it.
bool good_for(ClaimReader& claims, const Subject& subject, Instant now) {
  const bool fresh = now.time_since_epoch().count() < claims.integer();
  const bool same_buyer = claims.integer() == subject.buyer.value;
  const bool same_product = claims.integer() == subject.product.value;
  const bool same_intent = claims.text() == subject.intent.text();
  return fresh && same_buyer && same_product && same_intent;
}

}  // namespace

std::string Tokens::seal_challenge(const Subject& subject, std::string_view answer,
                                   Instant now) const {
  const ClaimWriter claims = begin_claims(subject, now).text(normalise(answer));
  return ring_->seal(Purpose::kCaptchaChallenge, claims.bytes());
}

bool Tokens::solves(std::string_view challenge, std::string_view answer, const Subject& subject,
                    Instant now) const {
  const auto opened = ring_->open(Purpose::kCaptchaChallenge, challenge);
  if (!opened) return false;
  ClaimReader claims(*opened);
  const bool good = good_for(claims, subject, now);
  const bool solved = claims.text() == normalise(answer);
  return good && solved && claims.complete();
}

std::string Tokens::seal_pass(const Subject& subject, Instant now) const {
  return ring_->seal(Purpose::kCaptchaPass, begin_claims(subject, now).bytes());
}

bool Tokens::pass_valid(std::string_view pass, const Subject& subject, Instant now) const {
  const auto opened = ring_->open(Purpose::kCaptchaPass, pass);
  if (!opened) return false;
  ClaimReader claims(*opened);
  return good_for(claims, subject, now) && claims.complete();
}

}  // namespace stampede::captcha
