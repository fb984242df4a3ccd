#include "app/fronts/external_challenge.h"

#include <fmt/format.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "app/config/secret_file.h"
#include "app/fronts/ca_file.h"
#include "captcha/external/provider.h"
#include "net/host_port.h"

namespace stampede::app {
namespace {

/// Tokens that wait for a thread; a crowd types for most of a minute.
constexpr std::size_t kWaiting = 1'024;

const captcha::Provider& provider_of(const Config& config) {
  const auto* const provider = captcha::provider_named(config.external_challenge.provider);
  if (provider == nullptr) throw std::runtime_error("no provider of a challenge is configured");
  return *provider;
}

std::string or_else(const std::string& given, std::string_view own) {
  return given.empty() ? std::string(own) : given;
}

/// Of an URL, as it is in a Content-Security-Policy.
std::string origin_of(std::string_view url) {
  return std::string(url.substr(0, url.find('/', std::string_view("https://").size())));
}

/// Of an origin, as the providers write it: an IPv6 address in brackets.
std::string host_of(std::string_view origin) {
  const auto host = net::host_of_origin(origin);
  return host.contains(':') ? fmt::format("[{}]", host) : std::string(host);
}

std::string secret_of(const Config& config) {
  auto secret = read_secret_file(config.external_challenge.secret_file);
  if (!secret) throw std::runtime_error(secret.error());
  return *std::move(secret);
}

}  // namespace

std::optional<views::ExternalChallenge> challenge_on_pages(const Config& config) {
  const Config::ExternalChallenge& external = config.external_challenge;
  if (external.provider.empty()) return std::nullopt;
  return views::ExternalChallenge{
      .provider = external.provider,
      .site_key = external.site_key,
      .script_url = or_else(external.script_url, provider_of(config).script_url),
      .own_always = external.own == "always"};
}

controllers::OtherSources challenge_sources(const Config& config) {
  const Config::ExternalChallenge& external = config.external_challenge;
  if (external.provider.empty()) return {};
  const std::string other = external.script_url.empty() ? "" : origin_of(external.script_url);
  const auto with_other = [&other](std::string_view own) {
    return std::string(own) + (own.empty() || other.empty() ? "" : " ") + other;
  };
  const captcha::Provider& provider = provider_of(config);
  return {.scripts = with_other(provider.scripts),
          .frames = with_other(provider.frames),
          .connections = with_other(provider.connections),
          .styles = with_other(provider.styles)};
}

ConfigErrors external_challenge_errors(const Config& config) {
  const Config::ExternalChallenge& external = config.external_challenge;
  ConfigErrors errors;
  if (external.provider.empty()) return errors;
  if (!external.secret_file.empty()) {
    const auto secret = read_secret_file(external.secret_file);
    if (!secret) errors.push_back("external_challenge.secret_file: " + secret.error());
  }
  for (std::string& error : ca_file_errors("external_challenge.ca_file", external.ca_file)) {
    errors.push_back(std::move(error));
  }
  return errors;
}

ExternalChallenge::ExternalChallenge(const Config& config, controllers::Clock clock)
    : requests_({.name = "challenge",
                 .threads = static_cast<unsigned>(config.external_challenge.threads),
                 .queue = kWaiting,
                 .ca_file = config.external_challenge.ca_file,
                 .breaker = {},
                 .errors_open_breaker = false}),
      siteverify_({.verify_url = or_else(config.external_challenge.verify_url,
                                         provider_of(config).verify_url),
                   .script_url = or_else(config.external_challenge.script_url,
                                         provider_of(config).script_url),
                   .secret = secret_of(config),
                   .host = host_of(config.http.origin)},
                  requests_),
      clock_(std::move(clock)) {}

void ExternalChallenge::write_metrics(telemetry::PrometheusText& text) const {
  const captcha::Siteverify::Counts counts = siteverify_.counts();
  text.family("stampede_external_challenges_total", "counter",
              "Tokens of the external challenge, by what they were worth.");
  for (const auto& [result, count] : {std::pair{"accepted", counts.accepted},
                                      {"refused", counts.refused},
                                      {"other-host", counts.other_host},
                                      {"replayed", counts.replayed},
                                      {"unavailable", counts.unavailable}}) {
    text.value("stampede_external_challenges_total", fmt::format("result=\"{}\"", result),
               static_cast<double>(count));
  }
  text.family("stampede_external_challenge_away", "gauge",
              "1 while its provider is away and the shop's own captchas are given.");
  text.value("stampede_external_challenge_away", "", siteverify_.away(clock_().tick) ? 1 : 0);
}

}  // namespace stampede::app
