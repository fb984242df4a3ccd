#pragma once

#include <optional>

#include "app/config/config.h"
#include "captcha/external/siteverify.h"
#include "controllers/clock.h"
#include "controllers/page_response.h"
#include "telemetry/metrics.h"
#include "views/pages.h"
#include "web_requests/curl/curl_web_requests.h"

// What the roles and the commands make of [external_challenge] (docs/design.md#external-challenge).
namespace stampede::app {

/// What a product's page shows of it; nullopt where none is configured.
std::optional<views::ExternalChallenge> challenge_on_pages(const Config& config);

/// What that page may load for it.
controllers::OtherSources challenge_sources(const Config& config);

/// Why the files that are configured for it cannot be used, with the key that names each.
ConfigErrors external_challenge_errors(const Config& config);

/// The provider, as far as the server speaks with it. Thread-safe.
class ExternalChallenge {
 public:
  /// The configuration has one. Throws std::runtime_error if its secret cannot be read.
  explicit ExternalChallenge(const Config& config, controllers::Clock clock = read_clocks);
  ~ExternalChallenge() { stop(); }
  ExternalChallenge(const ExternalChallenge&) = delete;
  ExternalChallenge& operator=(const ExternalChallenge&) = delete;

  captcha::Siteverify& siteverify() { return siteverify_; }
  /// Tokens that are being judged are judged no more: what waits for them is answered.
  void stop() { requests_.stop(); }
  void write_metrics(telemetry::PrometheusText& text) const;

 private:
  web_requests::CurlWebRequests requests_;
  captcha::Siteverify siteverify_;
  const controllers::Clock clock_;
};

}  // namespace stampede::app
