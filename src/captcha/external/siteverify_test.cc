#include "captcha/external/siteverify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "captcha/external/provider.h"
#include "tests/support/fakes/fake_web_requests.h"

namespace stampede::captcha {
namespace {

using std::chrono::seconds;
using test_support::FakeWebRequests;
using testing::HasSubstr;
using Verdict = Siteverify::Verdict;
using web_requests::Failure;
using web_requests::Request;
using web_requests::Result;

constexpr const char* kYes =
    R"({"success":true,"challenge_ts":"2026-11-22T08:24:00Z","hostname":"shop.example"})";

class SiteverifyTest : public testing::Test {
 protected:
  SiteverifyTest() { say(200, kYes); }

  void say(int status, const std::string& body) {
    requests_.answer = [status, body](const Request&) {
      return FakeWebRequests::says(status, body);
    };
  }
  void fail(Failure failure) {
    requests_.answer = [failure](const Request&) { return FakeWebRequests::fails(failure); };
  }
  static Subject subject(std::int64_t buyer = 1) {
    return {UserId{buyer}, ProductId{7}, *IdempotencyKey::parse("0123456789abcdef")};
  }
  Verdict judge(std::string_view token, std::int64_t buyer = 1) {
    std::optional<Verdict> said;
    siteverify_.judge(subject(buyer), token, "192.0.2.7", now_,
                      [&](Verdict verdict) { said = verdict; });
    EXPECT_TRUE(said.has_value());
    return said.value_or(Verdict::kUnavailable);
  }
  void judge_until_away() {
    for (int i = 1; i < Siteverify::kAwayAfter; ++i) {
      judge("a");
      EXPECT_FALSE(away()) << i;
    }
    judge("a");
    EXPECT_TRUE(away());
  }
  bool away() const { return siteverify_.away(now_.tick); }

  Now now_{*parse_rfc3339("2026-11-22T08:24:00Z"), Tick{std::chrono::hours{1}}};
  FakeWebRequests requests_;
  Siteverify siteverify_{{.verify_url = "https://provider.example/siteverify",
                          .script_url = "https://provider.example/api.js",
                          .secret = "s&cret=",
                          .host = "shop.example"},
                         requests_};
};

TEST_F(SiteverifyTest, AsksAsTheProtocolSays) {
  EXPECT_EQ(judge("a+b/c==_-."), Verdict::kAccepted);
  ASSERT_EQ(requests_.asked.size(), 1);
  const Request& request = requests_.asked.front();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://provider.example/siteverify");
  EXPECT_EQ(request.body, "secret=s%26cret%3D&response=a%2Bb%2Fc%3D%3D_-.&remoteip=192.0.2.7");
  EXPECT_THAT(request.headers, testing::Contains(testing::Pair(
                                   "Content-Type", "application/x-www-form-urlencoded")));
  EXPECT_LT(request.timeout, seconds{15}) << "the page waits no longer";
}

TEST_F(SiteverifyTest, WhatTheProviderRefusesIsRefused) {
  for (const char* code :
       {"missing-input-response", "invalid-input-response", "timeout-or-duplicate", "bad-request",
        "expired-input-response", "already-seen-response", "a-code-of-tomorrow"}) {
    say(200, R"({"success":false,"error-codes":[")" + std::string(code) + R"("]})");
    EXPECT_EQ(judge("t"), Verdict::kRefused) << code;
  }
  for (const char* body : {R"({"success":false})", R"({"success":false,"error-codes":null})",
                           R"({"success":false,"error-codes":"invalid-input-secret"})",
                           R"({"success":false,"error-codes":[7,{}]})"}) {
    say(400, body);
    EXPECT_EQ(judge("t"), Verdict::kRefused) << body;
  }
  EXPECT_FALSE(away());
}

TEST_F(SiteverifyTest, WhatIsNotTheBuyersFaultIsNoRefusal) {
  for (const char* code : {"missing-input-secret", "invalid-input-secret",
                           "sitekey-secret-mismatch", "internal-error"}) {
    say(200, R"({"success":false,"error-codes":["x",")" + std::string(code) + R"("]})");
    EXPECT_EQ(judge("t"), Verdict::kUnavailable) << code;
  }
}

TEST_F(SiteverifyTest, WhatIsNoAnswerOfTheProtocolAcceptsNobody) {
  for (const char* body :
       {"", "true", "[]", "null", "{", "{}", "<html>", R"({"success":"true"})", R"({"success":1})",
        R"({"success":null})", R"({"Success":true})", R"({"success":true}x)", "\xff\xfe",
        R"({"success":true,"hostname":"shop.example")"}) {
    say(200, body);
    EXPECT_EQ(judge("t"), Verdict::kUnavailable) << body;
  }
  say(200, std::string(40'000, '['));
  EXPECT_EQ(judge("t"), Verdict::kUnavailable);
  for (const int status : {500, 503}) {
    say(status, kYes);
    EXPECT_EQ(judge("t"), Verdict::kUnavailable) << status;
  }
  for (const Failure failure : {Failure::kTimeout, Failure::kUntrusted, Failure::kBreakerOpen,
                                Failure::kQueueFull, Failure::kNotBegun, Failure::kNoConnection}) {
    fail(failure);
    EXPECT_EQ(judge("t"), Verdict::kUnavailable) << to_string(failure);
  }
  EXPECT_EQ(siteverify_.counts().accepted, 0);
}

TEST_F(SiteverifyTest, ATokenOfAnotherSiteIsRefused) {
  for (const char* body :
       {R"({"success":true,"hostname":"evil.example"})", R"({"success":true})",
        R"({"success":true,"hostname":""})", R"({"success":true,"hostname":["shop.example"]})",
        R"({"success":true,"hostname":"shop.example.evil.example"})"}) {
    say(200, body);
    EXPECT_EQ(judge("t"), Verdict::kRefused) << body;
  }
  EXPECT_EQ(siteverify_.counts().other_host, 5);
  say(200, kYes);
  EXPECT_EQ(judge("t"), Verdict::kAccepted) << "it was not spent";
}

TEST_F(SiteverifyTest, ATokenIsForOneIntent) {
  EXPECT_EQ(judge("t"), Verdict::kAccepted);
  EXPECT_EQ(judge("t", 2), Verdict::kRefused) << "whatever the provider says";
  EXPECT_EQ(judge("t"), Verdict::kAccepted) << "the answer may have been lost";
  EXPECT_EQ(requests_.asked.size(), 1) << "nobody is asked twice about one token";
  EXPECT_EQ(siteverify_.counts().replayed, 1);
}

TEST_F(SiteverifyTest, WhoSendsATokenThatIsBeingJudgedWaitsForThatVerdict) {
  requests_.later = true;
  std::vector<Verdict> said;
  const auto note = [&](Verdict verdict) { said.push_back(verdict); };
  for (const std::int64_t buyer : {1, 2, 1}) siteverify_.judge(subject(buyer), "t", "", now_, note);
  EXPECT_EQ(requests_.asked.size(), 1) << "the provider takes it once";
  requests_.answer_all();
  EXPECT_THAT(said,
              testing::ElementsAre(Verdict::kAccepted, Verdict::kRefused, Verdict::kAccepted));
}

TEST_F(SiteverifyTest, AFailureThatSeveralWaitForIsOne) {
  requests_.later = true;
  fail(Failure::kTimeout);
  int unavailable = 0;
  for (int i = 0; i < Siteverify::kAwayAfter; ++i) {
    siteverify_.judge(subject(), "t", "", now_,
                      [&](Verdict verdict) { unavailable += verdict == Verdict::kUnavailable; });
  }
  requests_.answer_all();
  EXPECT_EQ(unavailable, Siteverify::kAwayAfter);
  EXPECT_FALSE(away());
  siteverify_.judge(subject(), "t", "", now_, [](Verdict) {});
  EXPECT_EQ(requests_.asked.size(), 2) << "it may be sent again";
  requests_.answer_all();
}

TEST_F(SiteverifyTest, WhatIsNoTokenIsNotSent) {
  const std::string longest(8'192, 'x');
  for (const std::string& token :
       {std::string(), std::string("a b"), std::string("a\nb"), std::string("a\0b", 3),
        std::string("\xc3\xa9"), std::string("<script>"), std::string("a'or'1"),
        std::string("a%00"), longest + "x"}) {
    EXPECT_EQ(judge(token), Verdict::kRefused);
  }
  EXPECT_EQ(requests_.asked.size(), 0);
  EXPECT_EQ(judge(longest), Verdict::kAccepted);
}

/// As a firewall of the provider answers to what looks hostile, whatever the shop's own question is
/// answered.
TEST_F(SiteverifyTest, AnAnswerToAStrangersTokenThatIsNoVerdictMakesItNotAway) {
  for (const int status : {200, 403, 503}) {
    requests_.answer = [status](const Request& request) {
      if (request.body.find("response=none") != std::string::npos || request.method == "HEAD") {
        return FakeWebRequests::says(200, R"({"success":false})");
      }
      return FakeWebRequests::says(status, "<html>blocked</html>");
    };
    for (int i = 0; i < 5 * Siteverify::kAwayAfter; ++i) {
      EXPECT_EQ(judge("t"), Verdict::kUnavailable);
      EXPECT_FALSE(away()) << status;
      now_.tick += std::chrono::milliseconds{300};
    }
  }
}

/// The shop asks for itself at the first failure, and every second while it is in doubt.
TEST_F(SiteverifyTest, AProviderWithoutVerdictsIsNoticedWithinTwoSeconds) {
  say(503, "<html>");
  const Tick began = now_.tick;
  while (!away()) {
    ASSERT_LE(now_.tick - began, seconds{2});
    judge("t");
    now_.tick += std::chrono::milliseconds{100};
  }
  EXPECT_GE(now_.tick - began, seconds{1}) << "one failure is none";
}

TEST_F(SiteverifyTest, IsAwayAfterFailuresUntilItAnswersAndAWhileHasPassed) {
  EXPECT_FALSE(away());
  fail(Failure::kTimeout);
  judge_until_away();
  EXPECT_TRUE(away());
  now_.tick += Siteverify::kAwayFor;
  EXPECT_TRUE(away()) << "it has not answered since";
  say(200, kYes);
  judge("u");
  EXPECT_FALSE(away());
  fail(Failure::kTimeout);
  judge_until_away();
  say(200, kYes);
  judge("w");
  EXPECT_TRUE(away()) << "one that answers now and then is away: pages are not sent to and fro";
  now_.tick += Siteverify::kAwayFor;
  EXPECT_FALSE(away());
}

TEST_F(SiteverifyTest, AnAnswerBetweenFailuresBeginsTheirCountAnew) {
  for (int i = 0; i < 2 * Siteverify::kAwayAfter; ++i) {
    fail(Failure::kConnectionLost);
    for (int j = 1; j < Siteverify::kAwayAfter; ++j) judge("a");
    say(200, R"({"success":false})");
    judge("b");
    EXPECT_FALSE(away());
  }
}

/// Whoever fills the queue must not have the shop's own captchas given.
TEST_F(SiteverifyTest, ManyThatWaitDoNotMakeItAway) {
  for (const Failure busy : {Failure::kQueueFull, Failure::kNotBegun}) {
    fail(busy);
    for (int i = 0; i < 2 * Siteverify::kAwayAfter; ++i) {
      EXPECT_EQ(judge("t"), Verdict::kUnavailable);
      siteverify_.look(now_.tick);
      now_.tick += Siteverify::kLookEvery;
    }
    EXPECT_FALSE(away()) << to_string(busy);
  }
  say(200, kYes);
  EXPECT_EQ(judge("t"), Verdict::kAccepted) << "the same token may be sent again";
  fail(Failure::kTimeout);
  judge_until_away();
  now_.tick += Siteverify::kAwayFor;
  fail(Failure::kQueueFull);
  judge("u");
  EXPECT_TRUE(away()) << "nor does it bring it back";
}

TEST_F(SiteverifyTest, LooksWhetherScriptAndVerdictsAreThere) {
  say(200, R"({"success":false,"error-codes":["invalid-input-response"]})");
  siteverify_.look(now_.tick);
  ASSERT_EQ(requests_.asked.size(), 2);
  EXPECT_THAT(requests_.asked[0].body, HasSubstr("secret=s%26cret%3D&response="));
  EXPECT_EQ(requests_.asked[1].method, "HEAD");
  EXPECT_EQ(requests_.asked[1].url, "https://provider.example/api.js");
  EXPECT_FALSE(away());
  siteverify_.look(now_.tick + Siteverify::kLookEvery - std::chrono::microseconds{1});
  EXPECT_EQ(requests_.asked.size(), 2) << "not more often, however many pages ask";
}

TEST_F(SiteverifyTest, EitherIsEnoughToBeAway) {
  for (const char* gone : {"api.js", "siteverify"}) {
    requests_.answer = [gone](const Request& request) {
      if (request.url.ends_with(gone)) return FakeWebRequests::says(503, "");
      return FakeWebRequests::says(200, R"({"success":false})");
    };
    for (int i = 0; i < Siteverify::kAwayAfter; ++i) {
      EXPECT_FALSE(away()) << gone;
      siteverify_.look(now_.tick);
      now_.tick += Siteverify::kLookAgain;  // while it is in doubt
    }
    EXPECT_TRUE(away()) << gone;
    now_.tick += Siteverify::kAwayFor;
    say(302, R"({"success":false})");  // Turnstile's script is a redirect
    siteverify_.look(now_.tick);
    EXPECT_FALSE(away()) << gone;
    now_.tick += Siteverify::kAwayFor;
  }
}

TEST_F(SiteverifyTest, AScriptThatIsNotTakenByHeadIsThere) {
  const auto looked = [this](int status) {
    requests_.answer = [status](const Request& request) {
      if (request.method == "HEAD") return FakeWebRequests::says(status, "");
      return FakeWebRequests::says(200, R"({"success":false})");
    };
    for (int i = 0; i < Siteverify::kAwayAfter; ++i) {
      siteverify_.look(now_.tick);
      now_.tick += Siteverify::kLookEvery;
    }
    return away();
  };
  for (const int status : {403, 405, 501}) EXPECT_FALSE(looked(status)) << status;
  EXPECT_TRUE(looked(404));
}

TEST(Provider, IsKnownByName) {
  for (const char* name : {"turnstile", "hcaptcha", "recaptcha"}) {
    const Provider* const provider = provider_named(name);
    ASSERT_NE(provider, nullptr) << name;
    EXPECT_EQ(provider->name, name);
    EXPECT_TRUE(provider->verify_url.starts_with("https://"));
    EXPECT_TRUE(provider->script_url.starts_with("https://"));
  }
  EXPECT_EQ(provider_named(""), nullptr);
  EXPECT_EQ(provider_named("Turnstile"), nullptr);
}

}  // namespace
}  // namespace stampede::captcha
