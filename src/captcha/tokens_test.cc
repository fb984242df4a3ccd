#include <gtest/gtest.h>

#include <limits>
#include <string>

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

  /// Whether it solves the challenge, with no time to keep.
  bool solves(std::string_view challenge, std::string_view answer, const Subject& subject,
              Instant now) const {
    return tokens_.judge(challenge, answer, subject, milliseconds{0}, now).result ==
           Judgement::Result::kRight;
  }

  const test::TestRing keys_;
  const identity::KeyRing& ring_ = keys_.ring();
  const Tokens tokens_{ring_};
  const Subject subject_{UserId{7}, ProductId{3}, key("0123456789abcdef")};
};

TEST_F(CaptchaTokens, ARightAnswerSolvesWithoutRegardToCaseAndBlanks) {
  const std::string challenge = tokens_.seal_challenge(subject_, Kind::kPicture, "AC39K", kNow);
  for (const char* answer : {"AC39K", "ac39k", " aC39k\t\r\n"}) {
    EXPECT_TRUE(solves(challenge, answer, subject_, kNow)) << answer;
  }
}

TEST_F(CaptchaTokens, AWrongAnswerDoesNot) {
  const std::string challenge = tokens_.seal_challenge(subject_, Kind::kPicture, "AC39K", kNow);
  for (const char* answer : {"", " ", "AC39", "AC39KK", "AC 39K", "AC39X", "?C39K"}) {
    EXPECT_FALSE(solves(challenge, answer, subject_, kNow)) << answer;
  }
}

TEST_F(CaptchaTokens, AChallengeIsGoodForItsSubjectOnly) {
  const std::string challenge = tokens_.seal_challenge(subject_, Kind::kPicture, "AC39K", kNow);
  for (const Subject& other : others()) {
    EXPECT_FALSE(solves(challenge, "AC39K", other, kNow));
  }
}

TEST_F(CaptchaTokens, APassIsGoodForItsSubjectOnlyAndAsOftenAsWanted) {
  const std::string pass = tokens_.seal_pass(subject_, kNow);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(tokens_.pass_valid(pass, subject_, kNow));
  for (const Subject& other : others()) EXPECT_FALSE(tokens_.pass_valid(pass, other, kNow));
}

TEST_F(CaptchaTokens, ExpireAfterTwoMinutes) {
  const std::string challenge = tokens_.seal_challenge(subject_, Kind::kPicture, "AC39K", kNow);
  const std::string pass = tokens_.seal_pass(subject_, kNow);
  const Instant last = kNow + Tokens::kLifetime - milliseconds{1};
  EXPECT_TRUE(solves(challenge, "AC39K", subject_, last));
  EXPECT_TRUE(tokens_.pass_valid(pass, subject_, last));
  const Instant end = kNow + Tokens::kLifetime;
  EXPECT_FALSE(solves(challenge, "AC39K", subject_, end));
  EXPECT_FALSE(tokens_.pass_valid(pass, subject_, end));
}

TEST_F(CaptchaTokens, AnAnswerBeforeItsTimeIsNotLookedAt) {
  using Result = Judgement::Result;
  const std::string challenge = tokens_.seal_challenge(subject_, Kind::kPicture, "AC39K", kNow);
  const auto judged = [&](std::string_view answer, int after) {
    return tokens_.judge(challenge, answer, subject_, milliseconds{2000},
                         kNow + milliseconds{after});
  };
  for (const char* answer : {"AC39K", "WRONG"}) {
    EXPECT_EQ(judged(answer, 1999).result, Result::kTooSoon) << answer;
    EXPECT_EQ(judged(answer, 1999).wait, milliseconds{1});
    EXPECT_EQ(judged(answer, -5).wait, milliseconds{2005}) << "another machine's clock";
  }
  EXPECT_EQ(judged("AC39K", 2000).result, Result::kRight);
  EXPECT_EQ(judged("WRONG", 2000).result, Result::kWrong);
  for (const Subject& other : others()) {
    EXPECT_EQ(tokens_.judge(challenge, "AC39K", other, milliseconds{2000}, kNow).result,
              Result::kWrong)
        << "of another, whenever it comes";
  }
}

TEST_F(CaptchaTokens, AChallengeSaysWhatKindItIs) {
  for (const Kind kind : {Kind::kPicture, Kind::kWork}) {
    const std::string challenge = tokens_.seal_challenge(subject_, kind, "4711", kNow);
    EXPECT_EQ(tokens_.judge(challenge, "4711", subject_, milliseconds{0}, kNow).kind, kind);
  }
}

TEST_F(CaptchaTokens, AreNotTakenForEachOtherNorForNothing) {
  const std::string challenge = tokens_.seal_challenge(subject_, Kind::kPicture, "", kNow);
  const std::string pass = tokens_.seal_pass(subject_, kNow);
  EXPECT_FALSE(tokens_.pass_valid(challenge, subject_, kNow));
  EXPECT_FALSE(solves(pass, "", subject_, kNow));
  EXPECT_FALSE(tokens_.pass_valid("", subject_, kNow));
  EXPECT_FALSE(solves("", "", subject_, kNow));
  EXPECT_FALSE(tokens_.pass_valid(ring_.seal(identity::Purpose::kCaptchaPass, ""), subject_, kNow));
}

TEST_F(CaptchaTokens, ShowNothingOfTheAnswer) {
  EXPECT_NE(tokens_.seal_challenge(subject_, Kind::kPicture, "AAAAA", kNow),
            tokens_.seal_challenge(subject_, Kind::kPicture, "AAAAA", kNow));
}

TEST_F(CaptchaTokens, AreOfOneLengthHoweverLongTheAnswerIs) {
  const auto length = [&](Kind kind, std::string_view answer) {
    return tokens_.seal_challenge(subject_, kind, answer, kNow).size();
  };
  const std::size_t usual = length(Kind::kPicture, "AC39");
  for (const char* answer : {"", "AC39K", "AC39KE"}) {
    EXPECT_EQ(length(Kind::kPicture, answer), usual) << answer;
  }
  for (const char* number : {"0", "4711", "8000000", "9223372036854775807"}) {
    EXPECT_EQ(length(Kind::kWork, number), usual) << number;
  }
}

TEST_F(CaptchaTokens, TheLongestAnswerIsKeptWhole) {
  const std::string longest = std::to_string(std::numeric_limits<std::int64_t>::max());
  const std::string challenge = tokens_.seal_challenge(subject_, Kind::kWork, longest, kNow);
  EXPECT_TRUE(solves(challenge, longest, subject_, kNow));
  EXPECT_FALSE(solves(challenge, longest.substr(0, longest.size() - 1), subject_, kNow));
  EXPECT_FALSE(solves(challenge, longest + std::string(1, '\0'), subject_, kNow));
}

}  // namespace
}  // namespace stampede::captcha
