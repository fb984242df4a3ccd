#include <gtest/gtest.h>

#include "captcha/captcha.h"
#include "tests/support/test_ring.h"

namespace stampede::captcha {
namespace {

using std::chrono::milliseconds;

constexpr Instant kNow{std::chrono::hours{500'000}};

IdempotencyKey key(std::string_view text) { return *IdempotencyKey::parse(text); }

class CaptchaTokens : public testing::Test {
 protected:
  /// The subject itself and all that differ in one thing.
  std::vector<Subject> others() const {
    std::vector<Subject> others(3, subject_);
    others[0].buyer.value++;
    others[1].product.value++;
    others[2].intent = key("0123456789abcdeF");
    return others;
  }

  const test::TestRing keys_;
  const identity::KeyRing& ring_ = keys_.ring();
  const Tokens tokens_{ring_};
  const Subject subject_{UserId{7}, ProductId{3}, key("0123456789abcdef")};
};

TEST_F(CaptchaTokens, ARightAnswerSolvesWithoutRegardToCaseAndBlanks) {
  const std::string challenge = tokens_.seal_challenge(subject_, "AC39K", kNow);
  for (const char* answer : {"AC39K", "ac39k", " aC39k\t\r\n"}) {
    EXPECT_TRUE(tokens_.solves(challenge, answer, subject_, kNow)) << answer;
  }
}

TEST_F(CaptchaTokens, AWrongAnswerDoesNot) {
  const std::string challenge = tokens_.seal_challenge(subject_, "AC39K", kNow);
  for (const char* answer : {"", " ", "AC39", "AC39KK", "AC 39K", "AC39X", "?C39K"}) {
    EXPECT_FALSE(tokens_.solves(challenge, answer, subject_, kNow)) << answer;
  }
}

TEST_F(CaptchaTokens, AChallengeIsGoodForItsSubjectOnly) {
  const std::string challenge = tokens_.seal_challenge(subject_, "AC39K", kNow);
  for (const Subject& other : others()) {
    EXPECT_FALSE(tokens_.solves(challenge, "AC39K", other, kNow));
  }
}

TEST_F(CaptchaTokens, APassIsGoodForItsSubjectOnlyAndAsOftenAsWanted) {
  const std::string pass = tokens_.seal_pass(subject_, kNow);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(tokens_.pass_valid(pass, subject_, kNow));
  for (const Subject& other : others()) EXPECT_FALSE(tokens_.pass_valid(pass, other, kNow));
}

TEST_F(CaptchaTokens, ExpireAfterTwoMinutes) {
  const std::string challenge = tokens_.seal_challenge(subject_, "AC39K", kNow);
  const std::string pass = tokens_.seal_pass(subject_, kNow);
  const Instant last = kNow + Tokens::kLifetime - milliseconds{1};
  EXPECT_TRUE(tokens_.solves(challenge, "AC39K", subject_, last));
  EXPECT_TRUE(tokens_.pass_valid(pass, subject_, last));
  const Instant end = kNow + Tokens::kLifetime;
  EXPECT_FALSE(tokens_.solves(challenge, "AC39K", subject_, end));
  EXPECT_FALSE(tokens_.pass_valid(pass, subject_, end));
}

TEST_F(CaptchaTokens, AreNotTakenForEachOtherNorForNothing) {
  const std::string challenge = tokens_.seal_challenge(subject_, "", kNow);
  const std::string pass = tokens_.seal_pass(subject_, kNow);
  EXPECT_FALSE(tokens_.pass_valid(challenge, subject_, kNow));
  EXPECT_FALSE(tokens_.solves(pass, "", subject_, kNow));
  EXPECT_FALSE(tokens_.pass_valid("", subject_, kNow));
  EXPECT_FALSE(tokens_.solves("", "", subject_, kNow));
  EXPECT_FALSE(tokens_.pass_valid(ring_.seal(identity::Purpose::kCaptchaPass, ""), subject_, kNow));
}

TEST_F(CaptchaTokens, ShowNothingOfTheAnswer) {
  EXPECT_EQ(tokens_.seal_challenge(subject_, "AAAAA", kNow).size(),
            tokens_.seal_challenge(subject_, "MMMMM", kNow).size());
  EXPECT_NE(tokens_.seal_challenge(subject_, "AAAAA", kNow),
            tokens_.seal_challenge(subject_, "AAAAA", kNow));
}

}  // namespace
}  // namespace stampede::captcha
