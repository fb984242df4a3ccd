#pragma once

#include "controllers/api/api_guard.h"
#include "http/server/handlers/router.h"
#include "services/operations/webhook_operations.h"

namespace stampede::controllers {

/// The merchant's own systems that are told what happens to orders, for programs, under /api/v1:
///   GET  /webhooks                all
///   POST /webhooks                another one; the answer has its secret
///   GET  /webhooks/{id}           one
///   POST /webhooks/{id}/remove
///   POST /webhooks/{id}/rotate    the answer has its new secret
///   POST /webhooks/{id}/enable
///   POST /webhooks/{id}/replay    from an order, or from the start
///   GET  /webhooks/{id}/log       attempts to deliver, newest first
/// Changes are journaled under the token's name. Thread-safe; the operations outlive it.
class WebhooksApi {
 public:
  explicit WebhooksApi(services::operations::WebhookOperations& operations)
      : operations_(operations) {}

  /// This and the guard outlive the router.
  void add_routes(http::Router& router, ApiGuard& guard);

 private:
  using Operator = services::operations::Operator;
  http::Response list();
  http::Response add(const http::Request& request, const Operator& who);
  http::Response show(WebhookId id);
  http::Response remove(const http::Request& request, WebhookId id, const Operator& who);
  http::Response rotate(const http::Request& request, WebhookId id, const Operator& who);
  http::Response enable(const http::Request& request, WebhookId id, const Operator& who);
  http::Response replay(const http::Request& request, WebhookId id, const Operator& who);
  http::Response log(const http::Request& request, WebhookId id);

  services::operations::WebhookOperations& operations_;
};

}  // namespace stampede::controllers
