#include "identity/totp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace stampede::identity {
namespace {

using std::chrono::seconds;

const std::string kSecret = "12345678901234567890";  // RFC 6238, appendix B
constexpr Instant kAt1111111109 = Instant{std::chrono::seconds{1'111'111'109}};
constexpr std::int64_t kStep = 1'111'111'109 / 30;

TEST(Totp, GivesTheCodesOfTheStandard) {
  // The last six of the eight digits there.
  for (const auto& [second, code] : {std::pair<std::int64_t, const char*>{59, "287082"},
                                     {1'111'111'109, "081804"},
                                     {1'111'111'111, "050471"},
                                     {1'234'567'890, "005924"},
                                     {2'000'000'000, "279037"},
                                     {20'000'000'000, "353130"}}) {
    EXPECT_EQ(totp_code(kSecret, second / 30), code) << second;
  }
}

TEST(Totp, ACodeIsGoodInItsStepAndInThoseBesideIt) {
  EXPECT_EQ(totp_step(kSecret, "081804", kAt1111111109, 0), kStep);
  EXPECT_EQ(totp_step(kSecret, "081804", kAt1111111109 + seconds{30}, 0), kStep);
  EXPECT_EQ(totp_step(kSecret, "081804", kAt1111111109 - seconds{30}, 0), kStep);
  EXPECT_EQ(totp_step(kSecret, "081804", kAt1111111109 + seconds{61}, 0), std::nullopt);
  EXPECT_EQ(totp_step(kSecret, "081804", kAt1111111109 - seconds{60}, 0), std::nullopt);
}

TEST(Totp, NoCodeIsGoodAfterItselfOrALaterOne) {
  EXPECT_EQ(totp_step(kSecret, "081804", kAt1111111109, kStep), std::nullopt);
  EXPECT_EQ(totp_step(kSecret, "081804", kAt1111111109, kStep + 1), std::nullopt);
  EXPECT_EQ(totp_step(kSecret, "081804", kAt1111111109, kStep - 1), kStep);
}

TEST(Totp, NothingElseIsACode) {
  for (const char* code : {"", "81804", "0081804", "081805", "08180a", " 081804"}) {
    EXPECT_EQ(totp_step(kSecret, code, kAt1111111109, 0), std::nullopt) << code;
  }
  EXPECT_EQ(totp_step("another secret", "081804", kAt1111111109, 0), std::nullopt);
}

TEST(Totp, AnAuthenticatorReadsTheUri) {
  EXPECT_EQ(totp_uri(kSecret, "Stampede", "olga.o"),
            "otpauth://totp/Stampede:olga.o?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
            "&issuer=Stampede");
  EXPECT_EQ(totp_secret_text(kSecret), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  EXPECT_THAT(totp_uri(kSecret, "My shop", "a"), testing::HasSubstr("totp/My%20shop:a?"));
}

TEST(Totp, SecretsAreRandom) {
  std::set<std::string> drawn;
  for (int i = 0; i < 100; ++i) drawn.insert(random_totp_secret());
  EXPECT_EQ(drawn.size(), 100U);
  EXPECT_EQ(drawn.begin()->size(), 20U);
}

}  // namespace
}  // namespace stampede::identity
