#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/webhook.h"

// Signatures by Standard Webhooks 1.0 (https://www.standardwebhooks.com), symmetric: v1.
namespace stampede::services::webhooks {

/// "whsec_" and the base64 of 32 random bytes.
std::string new_secret();

/// The bytes of a secret, 24 to 64; nullopt for any other text.
std::optional<std::string> secret_bytes(std::string_view secret);

/// "v1," and the base64 of the HMAC-SHA256 of `id.timestamp.body`, where the timestamp is in
/// seconds since 1970. Throws std::invalid_argument if the secret is none.
std::string signature(std::string_view secret, std::string_view id, Instant at,
                      std::string_view body);

/// The header `webhook-signature`: of the endpoint's secret, and, for as long as it is good, of the
/// one before it, with a space between.
std::string signatures(const WebhookEndpoint& endpoint, std::string_view id, Instant at,
                       std::string_view body);

}  // namespace stampede::services::webhooks
