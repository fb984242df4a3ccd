#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/commands/commands.h"
#include "model/webhook.h"

// What an operator does with the merchant's own systems that are told what happens to orders
// (app/commands/commands.h).
namespace stampede::app {

struct WebhookAdd {
  std::string url;
  std::vector<WebhookEvent> events;  // none: all
};
/// Prints the secret, as rotate_webhook() does the new one.
Done add_webhook(const Config& config, const WebhookAdd& options);
Done list_webhooks(const Config& config, bool json);
Done remove_webhook(const Config& config, WebhookId id);
Done rotate_webhook(const Config& config, WebhookId id);
Done enable_webhook(const Config& config, WebhookId id);

struct WebhookReplay {
  WebhookId id;
  OrderNumber from;  // none: only with from_start
  bool from_start = false;
};
Done replay_webhook(const Config& config, const WebhookReplay& options);

struct WebhookLog {
  WebhookId id;
  std::int64_t before = 0;
  std::int64_t limit = 100;
  bool json = false;
};
Done show_webhook_log(const Config& config, const WebhookLog& options);

}  // namespace stampede::app
