#pragma once

#include <chrono>
#include <string>

#include "http/message.h"
#include "identity/key_ring.h"
#include "model/time.h"

namespace stampede::controllers {

/// Proof that a form is one we gave to this very browser, before and after login: a random cookie
/// `form`, and the same value sealed in a hidden field. Another site can neither read the one nor
/// make the other. Thread-safe.
class FormTokens {
 public:
  static constexpr std::chrono::hours kLifetime{12};

  explicit FormTokens(const identity::KeyRing& ring) : ring_(&ring) {}

  struct Issued {
    std::string token;   // for the form's field "token"
    std::string cookie;  // for Set-Cookie; empty: the browser has one already
  };
  Issued issue(const http::Request& request, Instant now) const;

  /// The token is the form's field, or the header `Form-Token` of a script's request.
  bool valid(const http::Request& request, Instant now) const;

 private:
  const identity::KeyRing* ring_;
};

/// A random idempotency key for a form whose change must be made once, however often it is sent.
/// Thread-safe.
std::string new_form_key();

}  // namespace stampede::controllers
