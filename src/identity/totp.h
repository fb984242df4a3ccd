#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/time.h"

// Codes that an authenticator shows: RFC 6238, with SHA-1, 6 digits and 30 s, which every
// authenticator knows.
namespace stampede::identity {

inline constexpr std::chrono::seconds kTotpStep{30};

/// A new secret of 160 random bits (RFC 4226, 4).
std::string random_totp_secret();

/// The secret as people type it into an authenticator: base32 (RFC 4648), without padding.
std::string totp_secret_text(std::string_view secret);

/// What an authenticator reads, as a QR code or as text: otpauth://totp/ISSUER:ACCOUNT?secret=...
std::string totp_uri(std::string_view secret, std::string_view issuer, std::string_view account);

/// The code of the time step, counted from 1970. Throws std::runtime_error if the library fails.
std::string totp_code(std::string_view secret, std::int64_t step);

/// The time step of `code`: that of `now`, or the one before or after it, because clocks differ.
/// nullopt if it is the code of none, or of one that is not later than `last`.
std::optional<std::int64_t> totp_step(std::string_view secret, std::string_view code, Instant now,
                                      std::int64_t last);

}  // namespace stampede::identity
