#pragma once

#include <boost/json/object.hpp>

#include "model/webhook.h"

namespace stampede::services::webhooks {

/// An endpoint, without its secrets, and an attempt, as the command line and the API tell them.
boost::json::object json_of(const WebhookEndpoint& endpoint);
boost::json::object json_of(const WebhookAttempt& attempt);

}  // namespace stampede::services::webhooks
