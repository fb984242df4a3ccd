#pragma once

#include <string_view>

namespace stampede::captcha {

/// A service that hands out challenges and judges their tokens by the protocol `siteverify`, as its
/// documentation says. Sources are lists of a Content-Security-Policy (CSP 3), for the page that
/// shows the challenge; empty: none.
struct Provider {
  std::string_view name;        // in the configuration, and to the page's script
  std::string_view verify_url;  // where the server asks
  std::string_view script_url;  // what the page loads
  std::string_view scripts;
  std::string_view frames;
  std::string_view connections;
  std::string_view styles;
};

/// "turnstile", "hcaptcha" or "recaptcha"; nullptr for anything else. It lives for ever.
const Provider* provider_named(std::string_view name);

}  // namespace stampede::captcha
