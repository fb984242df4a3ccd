#include "controllers/operations_controller.h"

namespace stampede::controllers {
namespace {

http::Response uncached(http::Response response) {
  return std::move(response.with("Cache-Control", "no-store"));
}

}  // namespace

void OperationsController::add_routes(http::Router& router) {
  router.get("/healthz", [](http::Request&, http::Responder responder) {
    responder(uncached(http::json(200, R"({"status":"alive"})")));
  });
  router.get("/readyz", [this](http::Request&, http::Responder responder) {
    const std::string problem = problem_();
    const std::string status = status_ ? status_() : "ready";
    responder(uncached(problem.empty() ? http::json(200, R"({"status":")" + status + R"("})")
                                       : http::problem(503, "not-ready", problem)));
  });
  router.get("/metrics", [this](http::Request&, http::Responder responder) {
    telemetry::PrometheusText text;
    for (const WriteMetrics& write : parts_) write(text);
    http::Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = text.text();
    responder(uncached(std::move(response)));
  });
}

}  // namespace stampede::controllers
