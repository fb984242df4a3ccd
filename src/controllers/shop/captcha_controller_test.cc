#include "controllers/shop/captcha_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <functional>

#include "tests/support/fakes/fake_web_requests.h"
#include "tests/support/test_ring.h"
#include "tests/support/visitor.h"

namespace stampede::controllers {
namespace {

using services::purchase::SaleView;
using test_support::body_of;
using test_support::header_of;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kKey = "0123456789abcdef";
constexpr const char* kPicture = "/captcha?productID=7&key=0123456789abcdef";
constexpr const char* kWork = "/captcha/work?productID=7&key=0123456789abcdef";
constexpr int kFetches = 12;  // a minute
constexpr std::chrono::milliseconds kMinimum{2000};

class CaptchaControllerTest : public testing::Test {
 protected:
  CaptchaControllerTest() {
    sale_.sale.id = SaleId{1};
    sale_.sale.product = ProductId{7};
    sale_.sale.starts_at = now_.wall;
    controller_.add_routes(router_);
    visitor_.cookies["sign"] = sessions_.issue(UserId{1}, 0, now_.wall);
  }

  CurrentSales live_sales() {
    return {[this](ProductId id, Now) {
              return id == sale_.sale.product ? std::optional(sale_) : std::nullopt;
            },
            [this](Now) { return std::vector{sale_}; }};
  }

  captcha::Subject subject(UserId buyer = UserId{1}) const {
    return {buyer, ProductId{7}, *IdempotencyKey::parse(kKey)};
  }
  /// A challenge whose answer the test knows, given so long ago.
  std::string challenge(const captcha::Subject& subject,
                        captcha::Kind kind = captcha::Kind::kPicture,
                        std::chrono::milliseconds ago = kMinimum) const {
    return tokens_.seal_challenge(subject, kind, "RIGHT", now_.wall - ago);
  }
  http::Response patient_get(const char* target, const test_support::Headers& headers = {}) {
    http::Response response = visitor_.get(target, headers);
    while (response.status == 503) response = visitor_.get(target, headers);
    return response;
  }
  http::Response verify(std::string_view challenge, std::string_view answer,
                        const test_support::Headers& headers = {}) {
    const boost::json::object body{
        {"challenge", challenge}, {"answer", answer}, {"productID", 7}, {"key", kKey}};
    return visitor_.post_json("/captcha/verify", boost::json::serialize(body), headers);
  }
  bool passes(const http::Response& response, const captcha::Subject& subject) const {
    const auto body = boost::json::parse(body_of(response));
    return tokens_.pass_valid(std::string(body.at("pass").as_string()), subject, now_.wall);
  }

  Now now_{*parse_rfc3339("2026-11-22T08:24:00Z"), Tick{std::chrono::hours{1}}};
  SaleView sale_{{}, SaleStatus::kOn};
  test::TestRing ring_;
  services::accounts::Sessions sessions_{ring_.ring()};
  captcha::ImagePool images_{4};
  captcha::Tokens tokens_{ring_.ring()};
  captcha::WrongAnswers wrong_answers_;
  captcha::FetchLimit fetches_{kFetches};
  captcha::ProofOfWork work_{1000};
  OriginRule origin_{std::nullopt};
  concurrency::SlowRefusals refusals_{std::chrono::milliseconds{0}};
  CaptchaController controller_{{images_, tokens_, wrong_answers_, fetches_, work_, kMinimum,
                                 live_sales(), sessions_, origin_, refusals_},
                                [this] { return now_; }};
  http::Router router_;
  test_support::Visitor visitor_{router_};
};

TEST_F(CaptchaControllerTest, PictureIsAPngWithItsSealedChallenge) {
  const auto response = visitor_.get(kPicture);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "image/png");
  EXPECT_THAT(std::string(body_of(response)), StartsWith("\x89PNG\r\n"));
  EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
  const std::string sealed = header_of(response, "Captcha-Challenge");
  EXPECT_FALSE(sealed.empty());
  EXPECT_EQ(header_of(response, "Captcha-Wait"), "2000");
  const auto another = visitor_.get(kPicture);
  EXPECT_NE(body_of(another), body_of(response));
  EXPECT_NE(sealed, header_of(another, "Captcha-Challenge"));
  now_.wall += kMinimum;
  EXPECT_EQ(verify(sealed, "no such answer").status, 403);
}

TEST_F(CaptchaControllerTest, WithoutAPictureThatNobodyHadItSaysSoAndChargesNothing) {
  http::Response response;
  int given = 0;
  const auto asked_by = [&](std::int64_t buyer) {
    visitor_.cookies["sign"] = sessions_.issue(UserId{buyer}, 0, now_.wall);
    return visitor_.get(kPicture);
  };
  for (std::int64_t buyer = 2; response.status != 503 && buyer < 1000; ++buyer) {
    response = asked_by(buyer);
    given += response.status == 200 ? 1 : 0;
  }
  ASSERT_EQ(response.status, 503) << "the pool has four, and a thread to draw more";
  EXPECT_GE(given, 4);
  EXPECT_THAT(std::string(body_of(response)), HasSubstr("#unavailable\""));
  EXPECT_EQ(header_of(response, "Retry-After"), "2");
  visitor_.cookies["sign"] = sessions_.issue(UserId{1}, 0, now_.wall);
  for (int i = 0; i < kFetches; ++i) EXPECT_EQ(patient_get(kPicture).status, 200) << i;
}

/// Of a pool that is never half full.
TEST_F(CaptchaControllerTest, WhereFewPicturesAreLeftABuyerIsGivenTwoAMinute) {
  captcha::ImagePool few(1'000'000);  // of which eight are drawn at once
  CaptchaController controller({few, tokens_, wrong_answers_, fetches_, work_, kMinimum,
                                live_sales(), sessions_, origin_, refusals_},
                               [this] { return now_; });
  http::Router router;
  controller.add_routes(router);
  test_support::Visitor visitor(router);
  const auto asks = [&](std::int64_t buyer, const char* target) {
    visitor.cookies["sign"] = sessions_.issue(UserId{buyer}, 0, now_.wall);
    return visitor.get(target);
  };
  EXPECT_EQ(asks(1, kPicture).status, 200);
  EXPECT_EQ(asks(1, kPicture).status, 200) << "the first may have been misread";
  for (int i = 0; i < 20; ++i) {
    const auto again = asks(1, kPicture);
    EXPECT_EQ(again.status, 503);
    EXPECT_EQ(header_of(again, "Retry-After"), "2");
  }
  EXPECT_EQ(asks(1, kWork).status, 200) << "the other way stays open";
  EXPECT_EQ(asks(2, kPicture).status, 200);
  now_.tick += std::chrono::minutes{1};
  EXPECT_EQ(asks(1, kPicture).status, 200) << "a new minute";
}

TEST_F(CaptchaControllerTest, ABuyerIsGivenOnlySoManyAMinute) {
  for (const char* target : {kPicture, kWork}) {
    for (int i = 0; i < kFetches; ++i) EXPECT_EQ(patient_get(target).status, 200) << target;
    now_.tick += std::chrono::seconds{20};
    const auto refused = visitor_.get(target);
    EXPECT_EQ(refused.status, 429) << target;
    EXPECT_THAT(std::string(body_of(refused)), HasSubstr("#too-many-captchas\""));
    EXPECT_EQ(header_of(refused, "Retry-After"), "40");
    EXPECT_EQ(header_of(refused, "Cache-Control"), "no-store");
  }
  now_.tick += std::chrono::seconds{60};
  for (const char* target : {kPicture, kWork}) EXPECT_EQ(patient_get(target).status, 200);
}

TEST_F(CaptchaControllerTest, WhatIsAskedForTooOftenIsRefusedLate) {
  static constexpr std::chrono::milliseconds kLate{50};
  concurrency::SlowRefusals late{kLate};
  captcha::ImagePool few(1'000'000);  // never half full
  CaptchaController controller({few, tokens_, wrong_answers_, fetches_, work_, kMinimum,
                                live_sales(), sessions_, origin_, late},
                               [this] { return now_; });
  http::Router router;
  controller.add_routes(router);
  visitor_ = test_support::Visitor(router);
  visitor_.cookies["sign"] = sessions_.issue(UserId{1}, 0, now_.wall);
  const auto expect_late = [](int status, const std::function<http::Response()>& ask) {
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(ask().status, status);
    EXPECT_GE(std::chrono::steady_clock::now() - began, kLate);
  };
  for (int i = 0; i < 2; ++i) EXPECT_EQ(patient_get(kPicture).status, 200);
  expect_late(503, [&] { return visitor_.get(kPicture); });
  for (int i = 0; i < kFetches; ++i) EXPECT_EQ(visitor_.get(kWork).status, 200);
  expect_late(429, [&] { return visitor_.get(kWork); });
  const std::string fresh =
      challenge(subject(), captcha::Kind::kPicture, std::chrono::milliseconds{0});
  expect_late(429, [&] { return verify(fresh, "RIGHT"); });
}

TEST_F(CaptchaControllerTest, AProofOfWorkCostsMoreWhoeverAsksOften) {
  const auto most = [this] {
    return boost::json::parse(body_of(visitor_.get(kWork))).at("maxnumber").as_int64();
  };
  for (int i = 0; i < captcha::ProofOfWork::kOwnCalm; ++i) EXPECT_EQ(most(), 1000);
  EXPECT_EQ(most(), 2000);
  EXPECT_EQ(most(), 4000);
  visitor_.cookies["sign"] = sessions_.issue(UserId{2}, 0, now_.wall);
  EXPECT_EQ(most(), 1000) << "another buyer";
  visitor_.cookies["sign"] = sessions_.issue(UserId{1}, 0, now_.wall);
  now_.tick += std::chrono::seconds{60};
  EXPECT_EQ(most(), 1000) << "a minute later";
}

TEST_F(CaptchaControllerTest, AnAnswerSoonerThanAPersonsIsToldToWaitAndIsNoGuess) {
  const auto ago = std::chrono::milliseconds{700};
  for (const captcha::Kind kind : {captcha::Kind::kPicture, captcha::Kind::kWork}) {
    const std::string sealed = challenge(subject(), kind, ago);
    for (const char* answer : {"RIGHT", "WRONG", "WRONG", "WRONG", "WRONG", "WRONG"}) {
      const auto response = verify(sealed, answer);
      EXPECT_EQ(response.status, 429);
      EXPECT_THAT(std::string(body_of(response)), HasSubstr("#too-fast\""));
      EXPECT_EQ(header_of(response, "Retry-After"), "2");
    }
    now_.wall += kMinimum - ago;
    EXPECT_EQ(verify(sealed, "RIGHT").status, 200) << "the same, later";
  }
}

TEST_F(CaptchaControllerTest, AProofOfWorkEarnsTheSamePass) {
  const auto response = visitor_.get(kWork);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
  const auto task = boost::json::parse(body_of(response)).as_object();
  EXPECT_EQ(task.at("algorithm"), "SHA-256");
  EXPECT_EQ(task.at("maxnumber"), 1000);
  EXPECT_EQ(task.at("wait_ms"), 2000);
  const std::string sealed(task.at("signature").as_string());
  now_.wall += kMinimum;
  http::Response verified;
  verified.status = 403;
  for (int number = 0; number <= 1000 && verified.status != 200; ++number) {
    verified = verify(sealed, std::to_string(number));
    if (number % 4 == 3) now_.tick += std::chrono::minutes{1};  // five wrong ones a minute
  }
  ASSERT_EQ(verified.status, 200);
  EXPECT_TRUE(passes(verified, subject()));
  EXPECT_FALSE(passes(verified, subject(UserId{2})));
}

/// The answer of the first may have been lost.
TEST_F(CaptchaControllerTest, AProofOfWorkIsGoodForOneBuyerAndIntentHoweverOftenItIsSent) {
  for (const captcha::Kind kind : {captcha::Kind::kPicture, captcha::Kind::kWork}) {
    const std::string mine = challenge(subject(), kind);
    EXPECT_EQ(verify(challenge(subject(UserId{2}), kind), "RIGHT").status, 403);
    for (int i = 0; i < 3; ++i) {
      const auto verified = verify(mine, "RIGHT");
      ASSERT_EQ(verified.status, 200);
      EXPECT_TRUE(passes(verified, subject()));
      EXPECT_FALSE(passes(verified, subject(UserId{2})));
    }
    now_.wall += captcha::Tokens::kLifetime;
    EXPECT_EQ(verify(mine, "RIGHT").status, 403) << "no longer than the challenge lives";
  }
}

TEST_F(CaptchaControllerTest, RightAnswerEarnsAPassForThatIntentAlone) {
  const auto response = verify(challenge(subject()), " right ");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
  EXPECT_TRUE(passes(response, subject()));
  EXPECT_FALSE(passes(response, subject(UserId{2})));
}

TEST_F(CaptchaControllerTest, VerifyTakesAFormToo) {
  const auto response = visitor_.post_form("/captcha/verify", {{"challenge", challenge(subject())},
                                                               {"answer", "RIGHT"},
                                                               {"productID", "7"},
                                                               {"key", kKey}});
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(passes(response, subject()));
}

TEST_F(CaptchaControllerTest, WrongAnotherBuyersAndExpiredAreOneRefusal) {
  const std::string mine = challenge(subject());
  const auto wrong = verify(mine, "WRONG");
  EXPECT_EQ(wrong.status, 403);
  EXPECT_THAT(std::string(body_of(wrong)), HasSubstr("#captcha-wrong\""));
  EXPECT_THAT(std::string(body_of(wrong)), HasSubstr("try a new one"));
  EXPECT_EQ(body_of(verify(challenge(subject(UserId{2})), "RIGHT")), body_of(wrong));
  EXPECT_EQ(body_of(verify("forged", "RIGHT")), body_of(wrong));
  now_.wall += captcha::Tokens::kLifetime;
  EXPECT_EQ(body_of(verify(mine, "RIGHT")), body_of(wrong));
}

TEST_F(CaptchaControllerTest, FiveWrongAnswersAMinuteAreEnough) {
  const std::string sealed = challenge(subject());
  EXPECT_EQ(verify(sealed, "RIGHT").status, 200) << "a right one does not count";
  for (int i = 0; i < captcha::WrongAnswers::kMost; ++i) EXPECT_EQ(verify(sealed, "X").status, 403);
  now_.tick += std::chrono::seconds{59};
  const auto refused = verify(sealed, "RIGHT");
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(std::string(body_of(refused)), HasSubstr("#too-many-wrong\""));
  EXPECT_EQ(header_of(refused, "Retry-After"), "1") << "a page waits as long as it is told to";

  now_.tick += std::chrono::seconds{1};
  EXPECT_EQ(verify(sealed, "RIGHT").status, 200);
}

TEST_F(CaptchaControllerTest, NothingWithoutASession) {
  visitor_.cookies["uid"] = "1";
  for (const char* sign : {"", "forged"}) {
    visitor_.cookies["sign"] = sign;
    for (const auto& response :
         {visitor_.get(kPicture), visitor_.get(kWork), verify(challenge(subject()), "RIGHT")}) {
      EXPECT_EQ(response.status, 401);
      EXPECT_THAT(std::string(body_of(response)), HasSubstr("#login-required\""));
    }
  }
}

/// Or an <img> there could use up what a buyer is given, whose cookie a host of the same site gets.
TEST_F(CaptchaControllerTest, APageOfAnotherSiteIsGivenNothingAndChargesNobody) {
  for (const char* target : {kPicture, kWork}) {
    for (const char* site : {"same-site", "cross-site", "of-tomorrow"}) {
      for (int i = 0; i < kFetches; ++i) {
        const auto refused = patient_get(target, {{"Sec-Fetch-Site", site}});
        EXPECT_EQ(refused.status, 403) << site;
        EXPECT_THAT(std::string(body_of(refused)), HasSubstr("#bad-origin\""));
      }
    }
    for (int i = 0; i < kFetches; ++i) {
      const char* site = i == 0 ? "none" : "same-origin";
      EXPECT_EQ(patient_get(target, {{"Sec-Fetch-Site", site}}).status, 200) << i;
    }
  }
}

TEST_F(CaptchaControllerTest, BothNeedAKeyAProductAndAStart) {
  for (const char* target : {"/captcha?productID=7", "/captcha?productID=7&key=short",
                             "/captcha?productID=7&key=0123456789abcde%00", "/captcha/work",
                             "/captcha/work?productID=7&key=short"}) {
    const auto response = visitor_.get(target);
    EXPECT_EQ(response.status, 400) << target;
    EXPECT_THAT(std::string(body_of(response)), HasSubstr("#key-required\""));
  }
  for (const char* product : {"", "8", "0", "-7", "x", "99999999999999999999"}) {
    const auto response =
        visitor_.get(std::string("/captcha?key=") + kKey + "&productID=" + product);
    EXPECT_EQ(response.status, 404) << product;
    EXPECT_THAT(std::string(body_of(response)), HasSubstr("#unknown-product\""));
  }
  sale_.sale.starts_at = now_.wall + std::chrono::minutes{1};
  EXPECT_EQ(visitor_.get(kPicture).status, 200) << "ahead, so that the start brings no flood";
  sale_.sale.starts_at += std::chrono::milliseconds{1};
  for (const char* target : {kPicture, kWork}) {
    const auto early = visitor_.get(target);
    EXPECT_EQ(early.status, 403);
    EXPECT_THAT(std::string(body_of(early)), HasSubstr("#not-started\""));
    EXPECT_THAT(std::string(body_of(early)),
                HasSubstr("\"starts_at\":\"2026-11-22T08:25:00.001Z\""));
  }
}

TEST_F(CaptchaControllerTest, VerifyRefusesOtherOriginsAndOtherBodies) {
  const std::string sealed = challenge(subject());
  const auto foreign = verify(sealed, "RIGHT", {{"Origin", "http://evil.example"}});
  EXPECT_EQ(foreign.status, 403);
  EXPECT_THAT(std::string(body_of(foreign)), HasSubstr("#bad-origin\""));
  EXPECT_EQ(verify(sealed, "RIGHT", {{"Origin", "http://shop.example"}}).status, 200);

  for (const char* body : {"", "{", "[]", "null", "{}", R"({"challenge": 1.5, "answer": []})",
                           "{\"answer\": \"\xff\"}"}) {
    const auto response = visitor_.post_json("/captcha/verify", body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_THAT(std::string(body_of(response)), HasSubstr("Expected challenge, answer"));
  }
  EXPECT_EQ(
      visitor_.post("/captcha/verify", "answer=RIGHT", {{"Content-Type", "text/plain"}}).status,
      400);
}

/// The same shop with a challenge of somebody else.
class ExternalCaptchaTest : public CaptchaControllerTest {
 protected:
  ExternalCaptchaTest() {
    say(R"({"success":true,"hostname":"shop.example"})");
    open(false);
  }

  /// `own_always`: the shop's own captchas may be taken as buyers like.
  void open(bool own_always) {
    external_.emplace(CaptchaController::Services{images_, tokens_, wrong_answers_, fetches_, work_,
                                                  kMinimum, live_sales(), sessions_, origin_,
                                                  refusals_, &siteverify_, own_always},
                      [this] { return now_; });
    router_ = http::Router();
    external_->add_routes(router_);
  }
  void say(const std::string& body, int status = 200) {
    requests_.answer = [body, status](const web_requests::Request&) {
      return test_support::FakeWebRequests::says(status, body);
    };
  }
  http::Response send_token(std::string_view token, std::string_view key = kKey) {
    const boost::json::object body{{"token", token}, {"productID", 7}, {"key", key}};
    return visitor_.post_json("/captcha/verify", boost::json::serialize(body));
  }
  void log_in(std::int64_t buyer) {
    visitor_.cookies["sign"] = sessions_.issue(UserId{buyer}, 0, now_.wall);
  }

  test_support::FakeWebRequests requests_;
  captcha::Siteverify siteverify_{{.verify_url = "https://provider.example/siteverify",
                                   .script_url = "https://provider.example/api.js",
                                   .secret = "secret",
                                   .host = "shop.example"},
                                  requests_};
  std::optional<CaptchaController> external_;
};

TEST_F(ExternalCaptchaTest, ATokenEarnsTheSamePass) {
  const auto response = send_token("token");
  ASSERT_EQ(response.status, 200);
  EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
  EXPECT_TRUE(passes(response, subject()));
  EXPECT_FALSE(passes(response, subject(UserId{2})));
  EXPECT_THAT(requests_.asked.at(0).body, HasSubstr("response=token&remoteip=192.0.2.1"));
  EXPECT_EQ(
      visitor_
          .post_form("/captcha/verify", {{"token", "another"}, {"productID", "7"}, {"key", kKey}})
          .status,
      200);
}

TEST_F(ExternalCaptchaTest, AnAcceptedTokenEarnsNobodyElseAPass) {
  ASSERT_EQ(send_token("token").status, 200);
  EXPECT_TRUE(passes(send_token("token"), subject())) << "its answer may have been lost";
  EXPECT_EQ(send_token("token", "another-key-of-that-buyer").status, 403);
  log_in(2);
  const auto replayed = send_token("token");
  EXPECT_EQ(replayed.status, 403);
  EXPECT_THAT(std::string(body_of(replayed)), HasSubstr("#captcha-wrong\""));
}

TEST_F(ExternalCaptchaTest, RefusedTokensAreCountedAsWrongAnswers) {
  say(R"({"success":false,"error-codes":["invalid-input-response"]})");
  for (int i = 0; i < captcha::WrongAnswers::kMost; ++i) EXPECT_EQ(send_token("no").status, 403);
  const auto refused = send_token("no");
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(std::string(body_of(refused)), HasSubstr("#too-many-wrong\""));
  EXPECT_EQ(requests_.asked.size(), captcha::WrongAnswers::kMost) << "nobody is asked any more";
}

TEST_F(ExternalCaptchaTest, ABuyersTokensAreJudgedOnlySoOftenAMinute) {
  for (int i = 0; i < kFetches; ++i) EXPECT_EQ(send_token("t" + std::to_string(i)).status, 200);
  const auto refused = send_token("more");
  EXPECT_EQ(refused.status, 429);
  EXPECT_THAT(std::string(body_of(refused)), HasSubstr("#too-many-captchas\""));
  EXPECT_EQ(requests_.asked.size(), kFetches);
}

TEST_F(ExternalCaptchaTest, WhereTheProviderIsAwayItSaysSoAndGivesTheShopsOwn) {
  say("", 503);
  for (int i = 0; i < 2 * kFetches; ++i) {
    const auto response = send_token("token");
    ASSERT_EQ(response.status, 503) << "it is nobody's wrong answer";
    EXPECT_THAT(std::string(body_of(response)), HasSubstr("#challenge-unavailable\""));
    EXPECT_EQ(header_of(response, "Retry-After"), "1");
    EXPECT_EQ(header_of(response, "Cache-Control"), "no-store");
    now_.tick += std::chrono::milliseconds{250};
  }
  EXPECT_EQ(patient_get(kPicture).status, 200);
  EXPECT_EQ(visitor_.get(kWork).status, 200);
  EXPECT_TRUE(passes(verify(challenge(subject()), "RIGHT"), subject()));
}

TEST_F(ExternalCaptchaTest, WhereItIsThereTheShopsOwnAreNotGiven) {
  for (const char* target : {kPicture, kWork}) {
    const auto response = visitor_.get(target);
    EXPECT_EQ(response.status, 403) << target;
    EXPECT_THAT(std::string(body_of(response)), HasSubstr("#external-challenge\""));
  }
  EXPECT_EQ(requests_.asked.size(), 2) << "once, whether script and verdicts are there";
}

/// No token comes that would tell where no page can show the challenge.
TEST_F(ExternalCaptchaTest, APageThatAsksForTheShopsOwnHasTheProviderLookedAfter) {
  requests_.answer = [](const web_requests::Request&) {
    return test_support::FakeWebRequests::fails(web_requests::Failure::kNoConnection);
  };
  requests_.later = true;
  for (int i = 0; i < captcha::Siteverify::kAwayAfter; ++i) {
    EXPECT_EQ(visitor_.get(kPicture).status, 403) << "it is not known yet";
    requests_.answer_all();
    now_.tick += captcha::Siteverify::kLookAgain;
  }
  EXPECT_EQ(patient_get(kPicture).status, 200);
}

TEST_F(ExternalCaptchaTest, TheShopMayGiveItsOwnAlways) {
  open(true);
  EXPECT_EQ(patient_get(kPicture).status, 200);
  EXPECT_EQ(visitor_.get(kWork).status, 200);
  EXPECT_EQ(requests_.asked.size(), 0);
  EXPECT_EQ(send_token("token").status, 200);
}

TEST_F(ExternalCaptchaTest, ATokenIsJudgedForABuyerOfASaleAboutToStartAlone) {
  const auto problem_of = [](const http::Response& response) {
    return std::string(body_of(response));
  };
  sale_.sale.starts_at = now_.wall + std::chrono::minutes{2};
  EXPECT_THAT(problem_of(send_token("token")), HasSubstr("#not-started\""));
  sale_.sale.starts_at = now_.wall + std::chrono::minutes{1};
  EXPECT_THAT(problem_of(send_token("token", "short")), HasSubstr("#key-required\""));
  EXPECT_EQ(
      visitor_.post_form("/captcha/verify", {{"token", "token"}, {"productID", "8"}, {"key", kKey}})
          .status,
      404);
  const boost::json::object body{{"token", "token"}, {"productID", 7}, {"key", kKey}};
  EXPECT_EQ(visitor_
                .post_json("/captcha/verify", boost::json::serialize(body),
                           {{"Origin", "http://evil.example"}})
                .status,
            403);
  EXPECT_EQ(visitor_.post_json("/captcha/verify", R"({"token": 1.5})").status, 400);
  visitor_.cookies["sign"] = "forged";
  EXPECT_EQ(send_token("token").status, 401);
  EXPECT_EQ(requests_.asked.size(), 0);
}

TEST_F(CaptchaControllerTest, WithoutAProviderATokenIsNoAnswer) {
  const boost::json::object body{{"token", "token"}, {"productID", 7}, {"key", kKey}};
  EXPECT_EQ(visitor_.post_json("/captcha/verify", boost::json::serialize(body)).status, 400);
}

}  // namespace
}  // namespace stampede::controllers
