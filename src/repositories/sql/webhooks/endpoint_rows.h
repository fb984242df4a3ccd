#pragma once

#include <optional>
#include <vector>

#include "model/webhook.h"
#include "repositories/sql/connection/dialect.h"
#include "repositories/sql/connection/rows.h"

// Rows of webhook_endpoints, for the two files of this room.
namespace stampede::repositories::sql {

std::vector<WebhookEndpoint> select_webhooks(soci::session& session);
std::optional<WebhookEndpoint> select_webhook(soci::session& session, WebhookId id);

/// The revision of an endpoint, whose row is locked until the transaction ends; nullopt: there is
/// none. All that is written of an endpoint is written behind it.
std::optional<std::int64_t> lock_webhook(soci::session& session, const Dialect& dialect,
                                         WebhookId id);

}  // namespace stampede::repositories::sql
