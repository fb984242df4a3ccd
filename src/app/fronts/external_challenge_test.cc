#include "app/fronts/external_challenge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/certificates.h"
#include "tests/support/temp_dir.h"

namespace stampede::app {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class ExternalChallengeTest : public testing::Test {
 protected:
  ExternalChallengeTest() {
    config_.http.origin = "https://shop.example";
    config_.external_challenge.provider = "turnstile";
    config_.external_challenge.site_key = "site-key";
    config_.external_challenge.secret_file = folder_.path() / "secret";
    std::ofstream(config_.external_challenge.secret_file) << "secret\n";
    ::chmod(config_.external_challenge.secret_file.c_str(), 0600);
  }

  const test_support::TempDir folder_;
  Config config_;
};

TEST_F(ExternalChallengeTest, WithoutAProviderPagesKnowNone) {
  const Config none;
  EXPECT_FALSE(challenge_on_pages(none));
  EXPECT_EQ(controllers::content_security_policy(challenge_sources(none)),
            controllers::content_security_policy());
  EXPECT_THAT(external_challenge_errors(none), testing::IsEmpty());
}

TEST_F(ExternalChallengeTest, PagesLoadWhatIsTheProvidersAlone) {
  const auto shown = challenge_on_pages(config_);
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->script_url, "https://challenges.cloudflare.com/turnstile/v0/api.js");
  EXPECT_FALSE(shown->own_always);
  const auto sources = challenge_sources(config_);
  EXPECT_EQ(sources.scripts, "https://challenges.cloudflare.com");
  EXPECT_EQ(sources.frames, "https://challenges.cloudflare.com");
  EXPECT_EQ(sources.styles, "");
  config_.external_challenge.provider = "hcaptcha";
  EXPECT_EQ(challenge_sources(config_).styles, "https://hcaptcha.com https://*.hcaptcha.com");
}

TEST_F(ExternalChallengeTest, AnotherScriptAddsItsOriginToTheProviders) {
  config_.external_challenge.script_url = "https://challenge.example:8443/v1/api.js";
  EXPECT_EQ(challenge_on_pages(config_)->script_url, "https://challenge.example:8443/v1/api.js");
  const auto sources = challenge_sources(config_);
  for (const std::string& source : {sources.scripts, sources.frames, sources.connections}) {
    EXPECT_EQ(source, "https://challenges.cloudflare.com https://challenge.example:8443");
  }
  EXPECT_EQ(sources.styles, "https://challenge.example:8443") << "the provider has none";
}

TEST_F(ExternalChallengeTest, FilesThatCannotBeUsedAreNamedWithTheirKeys) {
  EXPECT_THAT(external_challenge_errors(config_), testing::IsEmpty());
  const test_support::Certificates certificates{folder_.path()};
  certificates.make();
  config_.external_challenge.ca_file = certificates.certificate();
  EXPECT_THAT(external_challenge_errors(config_), testing::IsEmpty());
  ::chmod(config_.external_challenge.secret_file.c_str(), 0644);
  config_.external_challenge.ca_file = certificates.key();
  EXPECT_THAT(
      external_challenge_errors(config_),
      ElementsAre(AllOf(HasSubstr("external_challenge.secret_file: "), HasSubstr("mode 0644")),
                  AllOf(HasSubstr("external_challenge.ca_file: "), HasSubstr("no certificate"))));
  EXPECT_THROW(ExternalChallenge{config_}, std::runtime_error);
}

TEST_F(ExternalChallengeTest, MetricsTellWhetherItIsAway) {
  const ExternalChallenge challenge(config_);
  telemetry::PrometheusText text;
  challenge.write_metrics(text);
  EXPECT_THAT(text.text(),
              AllOf(HasSubstr("stampede_external_challenge_away 0\n"),
                    HasSubstr("stampede_external_challenges_total{result=\"replayed\"} 0\n")));
}

}  // namespace
}  // namespace stampede::app
