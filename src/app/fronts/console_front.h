#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "concurrency/worker_pool.h"
#include "controllers/api/api_guard.h"
#include "controllers/api/orders_api.h"
#include "controllers/api/webhooks_api.h"
#include "controllers/console/audit_log_controller.h"
#include "controllers/console/catalog/products_controller.h"
#include "controllers/console/catalog/sales_controller.h"
#include "controllers/console/console_login.h"
#include "controllers/console/console_request_filter.h"
#include "controllers/console/live/live_controller.h"
#include "controllers/console/operator_guard.h"
#include "controllers/console/orders/buyers_controller.h"
#include "controllers/console/orders/order_export.h"
#include "controllers/console/orders/order_search_controller.h"
#include "controllers/console/second_factor_controller.h"
#include "controllers/doubled.h"
#include "controllers/operations_controller.h"
#include "http/server/handlers/static_files.h"
#include "http/server/server.h"
#include "repositories/sql/repositories.h"
#include "schedules/periodic.h"
#include "services/audit/journal.h"
#include "services/catalog/catalog.h"
#include "services/live/sale_sampler.h"
#include "views/console/pages.h"

namespace stampede::app {

/// The operations console of `serve` and `admin`: its listener, login and pages, the API of the
/// merchant's own programs, and /healthz, /readyz and /metrics without login. The services outlive
/// it.
class ConsoleFront {
 public:
  struct Services {
    std::string origin;  // as console.origin has it
    const identity::KeyRing& keys;
    services::accounts::Sessions& sessions;
    const repositories::sql::Repositories& storage;
    services::catalog::Catalog& catalog;
    bool second_factor_required = false;  // of every operator
    bool private_webhooks = false;        // as webhooks.private_addresses has it
    /// The counts of the whole shop; thread-safe.
    std::function<services::live::Totals()> totals;
    /// How often running sales are sampled, if totals_changed() is not called.
    std::chrono::milliseconds live_period{1'000};
    /// As controllers::OperationsController takes them.
    std::function<bool()> ready;
    std::vector<controllers::OperationsController::WriteMetrics> metrics;
  };
  /// Listens at once, as console_listener() has it; throws std::system_error naming a taken
  /// address. Its other threads stand back at least as far as those of the listener.
  ConsoleFront(http::ListenerOptions listener, Services services);

  void start();
  void drain() { server_->drain(); }
  /// Makes the next sample now. To be called after start() and before stop().
  void totals_changed() { live_schedule_->nudge(); }
  /// No task of its own runs afterwards.
  void stop();
  std::string url() const { return server_->url(); }
  /// All that it answers.
  const http::Router& router() const { return router_; }

 private:
  void add_routes();
  std::vector<controllers::OperationsController::WriteMetrics> with_own(
      std::vector<controllers::OperationsController::WriteMetrics> metrics) const;

  const std::chrono::milliseconds live_period_;

  services::accounts::Devices devices_;
  services::accounts::SecondFactor second_factor_;
  services::accounts::Accounts accounts_;
  services::accounts::ApiAccess api_access_;
  services::audit::Journal journal_;
  services::accounts::Buyers buyers_;
  services::operations::CatalogOperations catalog_operations_;
  services::operations::UserOperations user_operations_;
  services::operations::OperatorOperations operator_operations_;
  services::operations::OrderOperations order_operations_;
  services::operations::WebhookOperations webhook_operations_;
  services::orders::OrderArchive archive_;
  services::live::SaleSampler sampler_;
  services::catalog::Pictures pictures_;
  services::catalog::SaleOverview overview_;
  http::StaticFiles files_;
  views::ConsolePages pages_;
  views::ConsoleAuditPages audit_pages_{pages_};
  views::ConsoleBuyersPages buyers_pages_{pages_};
  views::ConsoleOrdersPages orders_pages_{pages_};
  views::ConsoleLivePages live_pages_{pages_};
  views::ConsoleCatalogPages catalog_pages_{pages_};
  controllers::FormTokens forms_;
  controllers::OriginRule origin_;
  controllers::HostRule hosts_;
  concurrency::WorkerPool pool_;
  /// Apart, so that whoever asks the API without a good token keeps no operator waiting.
  concurrency::WorkerPool api_pool_;
  controllers::OperatorGuard guard_;
  controllers::ApiGuard api_guard_;
  controllers::ConsoleRequestFilter filter_;
  controllers::OperationsController operations_;
  controllers::ConsoleLogin login_;
  controllers::OrderSearchController order_search_;
  controllers::OrderExport export_;
  controllers::BuyersController buyers_controller_;
  controllers::AuditLogController audit_log_;
  controllers::LiveController live_;
  controllers::ProductsController products_;
  controllers::SalesController sales_;
  controllers::SecondFactorController second_factors_;
  controllers::OrdersApi orders_api_;
  controllers::WebhooksApi webhooks_api_;
  http::Router router_;
  std::unique_ptr<http::Server> server_;
  std::optional<schedules::Periodic> live_schedule_;
};

}  // namespace stampede::app
