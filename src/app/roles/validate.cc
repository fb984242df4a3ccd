#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <optional>
#include <random>

#include "app/config/data_dir.h"
#include "app/roles/cluster.h"
#include "app/roles/from_config.h"
#include "app/roles/private_console.h"
#include "app/roles/role.h"
#include "app/roles/shop_metrics.h"
#include "controllers/check_controller.h"
#include "http/upstream.h"
#include "peers/http/http_forwarder.h"
#include "peers/http/http_quantity_link.h"
#include "queue/rabbitmq/rabbit_queue.h"
#include "queue/rabbitmq/topology.h"
#include "schedules/heartbeat.h"
#include "schedules/periodic.h"
#include "services/leasing/holder.h"
#include "services/routing/route_table.h"
#include "telemetry/log.h"

namespace stampede::app {
namespace {

using std::chrono::milliseconds;

/// Twice a second, so that what changed is here within one even if a heartbeat is late.
constexpr milliseconds kHeartbeatPeriod{500};
/// Also nudged when stock runs low.
constexpr milliseconds kLeasePeriod{100};
constexpr milliseconds kHousekeepingPeriod{250};
constexpr int kSweepEvery = 40;  // rounds of housekeeping: 10 s
constexpr milliseconds kFinishPatience{5'000};

Member this_member(const Config& config, const std::string& url) {
  std::random_device random;
  const std::uint64_t incarnation = (std::uint64_t{random()} << 32) | random();
  const std::string listening = url.substr(url.find("//") + 2);
  return {.node = config.cluster.node,
          .address = config.cluster.advertise.empty() ? listening : config.cluster.advertise,
          .incarnation = fmt::format("{:016x}", incarnation)};
}

services::purchase::Rules validator_rules(const Config& config) {
  auto rules = purchase_rules(config);
  rules.answer_after = services::purchase::Rules::AnswerAfter::kQueued;
  return rules;
}

/// Routing, admission, stock and publishing: what answers /check.
class Validate final : public Role {
 public:
  explicit Validate(const Config& config);
  Addresses start() override;
  bool stop() override;

 private:
  void beat(bool leaving);
  void look_after_leases();
  void housekeeping();
  std::vector<std::pair<std::string, double>> counters();
  std::vector<controllers::OperationsController::WriteMetrics> metrics();

  const Config& config_;
  identity::KeyRing keys_;
  http::Router router_;
  std::unique_ptr<http::Server> door_;
  std::unique_ptr<PrivateConsole> console_;
  Member member_;

  captcha::Tokens captcha_tokens_{keys_};
  services::admission::Blacklist blacklist_;
  services::accounts::Sessions sessions_{keys_};
  queue::rabbitmq::RabbitQueue queue_;
  services::purchase::Checkout checkout_;
  services::leasing::Holder holder_;
  services::routing::RouteTable routes_;

  peers::Authenticator authenticator_;
  peers::HttpQuantityLink quantity_;
  http::Upstream upstream_;
  peers::HttpForwarder forwarder_{upstream_, authenticator_};
  controllers::CheckRouting routing_;
  controllers::OriginRule origin_;
  controllers::CheckController check_;
  schedules::Heartbeat heartbeat_;

  std::atomic<bool> quantity_answers_{false};
  std::atomic<bool> heartbeat_ready_{false};
  std::optional<schedules::Periodic> heartbeat_schedule_;
  std::optional<schedules::Periodic> lease_schedule_;
  std::optional<schedules::Periodic> housekeeping_schedule_;
  int rounds_ = 0;  // of housekeeping; its thread's own
};

Validate::Validate(const Config& config)
    : config_(config),
      keys_(key_path(config.data.dir)),
      door_(std::make_unique<http::Server>(public_listener(config), router_)),
      member_(this_member(config, door_->url())),
      queue_(broker_options(config),
             {.queued = [this](auto purchases) { checkout_.note_queued(purchases); },
              .refused = [this](auto purchases) { checkout_.note_refused(purchases); }}),
      checkout_(validator_rules(config), {captcha_tokens_, queue_, blacklist_,
                                          [this](SaleId) { lease_schedule_->nudge(); }}),
      holder_({.holder = member_.holder(),
               .checkout = checkout_,
               .queue = queue_,
               .stuck = [this](Tick before) { return queue_.stuck_leases(before); },
               .can_publish = [this] { return queue_.connected(); },
               .shard_usable = [this](LeaseId lease) { return queue_.usable(lease); }},
              {}),
      authenticator_(keys_, member_.node),
      quantity_(config.cluster.quantity, authenticator_),
      routing_({.node = member_.node,
                .routes = routes_,
                .authenticator = authenticator_,
                .forwarder = forwarder_,
                .checkout = checkout_}),
      origin_(config.http.origin.empty() ? std::nullopt : std::optional(config.http.origin)),
      check_(checkout_, sessions_, origin_, &routing_),
      heartbeat_({.member = member_,
                  .virtual_nodes = static_cast<int>(config.cluster.virtual_nodes),
                  .checkout = checkout_,
                  .holder = holder_,
                  .blacklist = blacklist_,
                  .sessions = sessions_,
                  .counters = [this] { return counters(); },
                  .ring_changed = [this](auto ring) { routes_.load(std::move(ring)); }}) {}

Role::Addresses Validate::start() {
  check_.add_routes(router_);
  console_ = std::make_unique<PrivateConsole>(
      config_.http.console,
      [this] { return quantity_answers_ && heartbeat_ready_ && queue_.connected(); }, metrics());
  lease_schedule_.emplace("leases", kLeasePeriod, [this] { look_after_leases(); });
  heartbeat_schedule_.emplace("heartbeat", kHeartbeatPeriod, [this] { beat(false); });
  housekeeping_schedule_.emplace("housekeeping", kHousekeepingPeriod, [this] { housekeeping(); });
  door_->start();
  console_->start();
  return {{"check", door_->url()}, {"console", console_->url()}};
}

void Validate::beat(bool leaving) {
  for (bool more = true; more;) {
    const Now asked = read_clocks();
    auto heartbeat = heartbeat_.compose(asked);
    heartbeat.leaving = leaving;
    const auto reply = quantity_.beat(heartbeat);
    quantity_answers_ = reply.has_value();
    if (!reply) {
      heartbeat_.unanswered(std::move(heartbeat));
      throw std::runtime_error(reply.error());
    }
    more = heartbeat_.apply(*reply, asked, read_clocks());
  }
  heartbeat_ready_ = true;
}

void Validate::look_after_leases() {
  holder_.review(read_clocks());
  std::string problem;
  for (const peers::LeaseAsk& ask : holder_.wanted(read_clocks())) {
    const Tick asked = read_clocks().tick;
    const auto reply = quantity_.ask(ask);
    const Now now = read_clocks();
    if (reply) {
      holder_.answered(ask, *reply, asked, now);
    } else {
      holder_.unanswered(ask, now.tick);
      problem = reply.error();
    }
  }
  if (!problem.empty()) throw std::runtime_error(problem);
}

void Validate::housekeeping() {
  const Now now = read_clocks();
  checkout_.expire_waits(now.tick);
  if (++rounds_ % kSweepEvery == 0) checkout_.sweep(now);
  if (keys_.reload()) telemetry::log_info("keys reloaded");
}

bool Validate::stop() {
  heartbeat_schedule_->stop();
  // From here on others may decide about its buyers, whether or not the farewell is answered.
  heartbeat_.leave();
  try {
    beat(true);
  } catch (const std::exception& error) {
    telemetry::log_warning("left without a farewell", "reason=\"{}\"", error.what());
  }
  door_->drain();
  console_->drain();
  lease_schedule_->stop();
  checkout_.stop_selling();
  const bool whole = queue_.finish(kFinishPatience);
  queue_.stop();
  housekeeping_schedule_->stop();
  upstream_.stop();
  console_.reset();
  door_.reset();
  return whole;
}

std::vector<controllers::OperationsController::WriteMetrics> Validate::metrics() {
  return {
      [this](telemetry::PrometheusText& text) { check_.write_metrics(text); },
      [this](telemetry::PrometheusText& text) { write_checkout_metrics(text, checkout_); },
      [this](telemetry::PrometheusText& text) { write_publisher_metrics(text, queue_); },
      [this](telemetry::PrometheusText& text) { write_http_metrics(text, door_->statistics()); },
  };
}

/// What the console shows of the whole cluster.
std::vector<std::pair<std::string, double>> Validate::counters() {
  auto counters = check_.counters();
  const auto& published = queue_.statistics();
  counters.emplace_back("stampede_published_purchases_total",
                        static_cast<double>(published.purchases.value()));
  counters.emplace_back("stampede_unresolved_publishes", static_cast<double>(queue_.unresolved()));
  std::int64_t units = 0;
  const auto book = checkout_.board().book();
  for (const auto& live : book->all()) units += live.shelf->units.available();
  counters.emplace_back("stampede_units_in_memory", static_cast<double>(units));
  return counters;
}

}  // namespace

int run_validate(const Config& config) {
  prepare_process();
  queue::rabbitmq::check_broker(broker_options(config));
  Validate validate(config);
  return run_role(validate);
}

}  // namespace stampede::app
