#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/process/role.h"
#include "controllers/operations_controller.h"
#include "http/server/server.h"

namespace stampede::app {

/// A role's listener for operators: /healthz, /readyz and /metrics, without login, so for a private
/// address only.
class PrivateConsole {
 public:
  /// Listens at once; throws std::system_error naming a taken address. `ready` and `status` as
  /// OperationsController takes them; what they and `metrics` use outlives the console. `tls` is
  /// put over its connections.
  template <class Ready>
  PrivateConsole(const std::string& address, Ready ready,
                 std::vector<controllers::OperationsController::WriteMetrics> metrics,
                 std::function<std::string()> status = {}, http::TransportLayer tls = {})
      : operations_(std::move(ready), std::move(metrics), std::move(status)) {
    operations_.add_routes(router_);
    server_ =
        std::make_unique<http::Server>(http::ListenerOptions{.address = address,
                                                             .threads = 1,
                                                             .limits = {.drain_time = kDrainTime},
                                                             .layer = std::move(tls)},
                                       router_);
  }

  void start() { server_->start(); }
  void drain() { server_->drain(); }
  std::string url() const { return server_->url(); }

 private:
  controllers::OperationsController operations_;
  http::Router router_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace stampede::app
