#include "app/roles/demo_checkout.h"

#include <fmt/format.h>

#include <memory>
#include <optional>

#include "app/commands/command_context.h"
#include "app/config/secret_file.h"
#include "app/config/shapes.h"
#include "app/fronts/asset_files.h"
#include "app/process/role.h"
#include "controllers/demo/demo_checkout.h"
#include "http/server/server.h"
#include "model/text/plain_text.h"
#include "schedules/periodic.h"
#include "views/assets.h"

namespace stampede::app {
namespace {

constexpr std::chrono::milliseconds kDuePeriod{1'000};

class DemoCheckoutRole final : public Role {
 public:
  DemoCheckoutRole(const Config& config, std::string secret, const std::string& listen)
      : shop_(config, CommandContext::Missing::kRefuse),
        checkout_({.orders = shop_.orders(),
                   .pool = pool_,
                   .pages = pages_,
                   .secret = std::move(secret)}) {
    checkout_.add_routes(router_);
    files_.mount(router_);
    http::ListenerOptions options{.address = listen, .threads = 1, .limits = {}};
    options.limits.drain_time = kDrainTime;
    server_ = std::make_unique<http::Server>(options, router_);
  }

  Addresses start() override {
    server_->start();
    due_.emplace("demo-checkout", kDuePeriod, [this] { checkout_.make_due(read_clocks()); });
    return {{"checkout", server_->url() + "/checkout"}};
  }
  bool stop() override {
    server_->drain();
    due_->stop();
    pool_.stop();
    server_.reset();
    return true;
  }

 private:
  CommandContext shop_;
  concurrency::WorkerPool pool_{{.name = "checkout", .threads = 1, .queue = 64}};
  views::DemoPages pages_{views::asset_url};
  http::StaticFiles files_ = asset_files();
  controllers::DemoCheckout checkout_;
  http::Router router_;
  std::unique_ptr<http::Server> server_;
  std::optional<schedules::Periodic> due_;
};

}  // namespace

std::expected<int, std::string> run_demo_checkout(const Config& config, const std::string& listen) {
  if (!is_endpoint(listen) || !is_loopback(listen)) {
    return std::unexpected(
        fmt::format("--listen: {} is not an address of this machine alone; expected 127.0.0.1:PORT "
                    "or [::1]:PORT: whoever reaches the demo's checkout pays without money",
                    in_quotes(listen)));
  }
  if (config.payment.secret_file.empty()) {
    return std::unexpected(
        "payment.secret_file is empty; expected the file of the secret that the shop signs with");
  }
  auto secret = read_secret_file(config.payment.secret_file);
  if (!secret) return std::unexpected("payment.secret_file: " + secret.error());
  prepare_process();
  DemoCheckoutRole role(config, *std::move(secret), listen);
  return run_role(role);
}

}  // namespace stampede::app
