#include "captcha/external/provider.h"

#include <algorithm>
#include <array>

namespace stampede::captcha {
namespace {

constexpr std::string_view kTurnstile = "https://challenges.cloudflare.com";
constexpr std::string_view kHcaptcha = "https://hcaptcha.com https://*.hcaptcha.com";

constexpr std::array kProviders{
    Provider{.name = "turnstile",
             .verify_url = "https://challenges.cloudflare.com/turnstile/v0/siteverify",
             .script_url = "https://challenges.cloudflare.com/turnstile/v0/api.js",
             .scripts = kTurnstile,
             .frames = kTurnstile,
             .connections = kTurnstile,
             .styles = {}},
    Provider{.name = "hcaptcha",
             .verify_url = "https://api.hcaptcha.com/siteverify",
             .script_url = "https://js.hcaptcha.com/1/api.js",
             .scripts = kHcaptcha,
             .frames = kHcaptcha,
             .connections = kHcaptcha,
             .styles = kHcaptcha},
    Provider{.name = "recaptcha",
             .verify_url = "https://www.google.com/recaptcha/api/siteverify",
             .script_url = "https://www.google.com/recaptcha/api.js",
             .scripts = "https://www.google.com/recaptcha/ https://www.gstatic.com/recaptcha/",
             .frames = "https://www.google.com/recaptcha/ https://recaptcha.google.com/recaptcha/",
             .connections = "https://www.google.com/recaptcha/",
             .styles = {}},
};

}  // namespace

const Provider* provider_named(std::string_view name) {
  const auto* const found = std::ranges::find(kProviders, name, &Provider::name);
  return found == kProviders.end() ? nullptr : found;
}

}  // namespace stampede::captcha
