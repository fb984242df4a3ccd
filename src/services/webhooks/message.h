#pragma once

#include <string>

#include "model/webhook.h"
#include "repositories/orders/order_history.h"

namespace stampede::services::webhooks {

/// What an entry of the history is told as.
WebhookEvent event_of(const repositories::HistoryEntry& entry);

/// The header `webhook-id`: the same for every endpoint and in every attempt. Of two events of one
/// order the later one has the larger number behind the last underscore.
std::string id_of(const WebhookPlace& place);

/// The body (docs/design.md#webhooks): JSON, the same in every attempt.
std::string body_of(const repositories::HistoryEntry& entry);

}  // namespace stampede::services::webhooks
