#include "services/webhooks/signing.h"

#include <gmock/gmock.h>

#include <stdexcept>

namespace stampede::services::webhooks {
namespace {

using testing::StartsWith;

// The example that the libraries of Standard Webhooks are tested with.
constexpr const char* kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr const char* kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const Instant kAt{std::chrono::seconds{1614265330}};
constexpr const char* kBody = R"({"test": 2432232314})";
constexpr const char* kSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

TEST(WebhookSignature, IsThePublishedOne) {
  EXPECT_EQ(signature(kSecret, kId, kAt, kBody), kSignature);
  EXPECT_EQ(signature(kSecret, kId, kAt + std::chrono::milliseconds{999}, kBody), kSignature);
}

TEST(WebhookSignature, IsAnotherOneForAnythingElse) {
  EXPECT_NE(signature(new_secret(), kId, kAt, kBody), kSignature);
  EXPECT_NE(signature(kSecret, "msg_other", kAt, kBody), kSignature);
  EXPECT_NE(signature(kSecret, kId, kAt + std::chrono::seconds{1}, kBody), kSignature);
  EXPECT_NE(signature(kSecret, kId, kAt, R"({"test": 2432232315})"), kSignature);
}

TEST(WebhookSignature, IsOfBothSecretsUntilTheOldOneIsOver) {
  WebhookEndpoint endpoint{
      .id = {1}, .url = {}, .secret = new_secret(), .previous_secret = kSecret};
  endpoint.previous_until = kAt + std::chrono::seconds{1};
  const std::string own = signature(endpoint.secret, kId, kAt, kBody);
  EXPECT_EQ(signatures(endpoint, kId, kAt, kBody), own + " " + kSignature);
  endpoint.previous_until = kAt;
  EXPECT_EQ(signatures(endpoint, kId, kAt, kBody), own);
  endpoint.previous_secret.clear();
  endpoint.previous_until.reset();
  EXPECT_EQ(signatures(endpoint, kId, kAt, kBody), own);
}

TEST(WebhookSecret, HasThirtyTwoBytesAndIsNeverTheSame) {
  const std::string secret = new_secret();
  EXPECT_THAT(secret, StartsWith("whsec_"));
  ASSERT_TRUE(secret_bytes(secret));
  EXPECT_EQ(secret_bytes(secret)->size(), 32U);
  EXPECT_NE(new_secret(), secret);
}

TEST(WebhookSecret, HasTwentyFourToSixtyFourBytes) {
  EXPECT_EQ(secret_bytes(kSecret)->size(), 24U);
  EXPECT_EQ(secret_bytes("whsec_" + std::string(84, 'A') + "AA==")->size(), 64U);
  for (const std::string& none :
       {std::string("whsec_"), std::string("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        "whsec_" + std::string(28, 'A') + "AAA=", "whsec_" + std::string(84, 'A') + "AAA=",
        std::string(kSecret) + "=", std::string(kSecret) + " ",
        std::string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS_")}) {
    EXPECT_FALSE(secret_bytes(none)) << none;
  }
  EXPECT_THROW(signature("whsec_short", kId, kAt, kBody), std::invalid_argument);
}

}  // namespace
}  // namespace stampede::services::webhooks
