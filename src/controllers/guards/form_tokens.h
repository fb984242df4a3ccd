#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "http/message.h"
#include "identity/key_ring.h"
#include "model/time.h"

namespace stampede::controllers {

/// Proof that a form is one we gave to this very browser: sealed in a hidden field is a fingerprint
/// of the session's cookie, or before there is a session of a random cookie `form`, named as
/// host_cookie() says. Another site can neither read the one nor make the other. Thread-safe.
class FormTokens {
 public:
  static constexpr std::chrono::hours kLifetime{12};

  explicit FormTokens(const identity::KeyRing& ring) : ring_(&ring) {}

  /// What a token is good for, and nothing else.
  struct Scope {
    std::string_view action;   // the path that the form is sent to; empty: of the site's forms each
    std::string_view session;  // the session's cookie; empty: the cookie `form` stands for it
  };
  struct Issued {
    std::string token;   // for the form's field "token"
    std::string cookie;  // for Set-Cookie; empty: the browser needs none
  };
  Issued issue(const http::Request& request, Instant now, const Scope& scope = {}) const;

  /// The token is the form's field, or the header `Form-Token` of a script's request.
  bool valid(const http::Request& request, Instant now, const Scope& scope = {}) const;

 private:
  const identity::KeyRing* ring_;
};

/// A random idempotency key for a form whose change must be made once, however often it is sent.
/// Thread-safe.
std::string new_form_key();

}  // namespace stampede::controllers
