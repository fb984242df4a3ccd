#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <memory>
#include <optional>

#include "app/config/data_dir.h"
#include "app/fronts/shop_metrics.h"
#include "app/process/from_config.h"
#include "app/process/private_console.h"
#include "app/process/role.h"
#include "app/roles/cluster.h"
#include "controllers/cluster/check_forwarding.h"
#include "http/client/upstream.h"
#include "peers/http/http_forwarder.h"
#include "peers/http/http_quantity_link.h"
#include "queue/rabbitmq/rabbit_queue.h"
#include "queue/rabbitmq/topology.h"
#include "schedules/periodic.h"
#include "schedules/periods.h"
#include "schedules/validator_schedules.h"
#include "services/validator/validator.h"
#include "telemetry/log.h"
#include "telemetry/log_limit.h"

namespace stampede::app {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kProgressPeriod{5'000};

Member this_member(const Config& config, const std::string& listening) {
  return {.node = config.cluster.node,
          .address = config.cluster.advertise.empty() ? listening : config.cluster.advertise,
          .incarnation = draw_incarnation()};
}

/// Routing, admission, stock and publishing: what answers /check.
class Validate final : public Role {
 public:
  explicit Validate(const Config& config);
  ~Validate() override;
  Addresses start() override;
  bool stop() override;

 private:
  schedules::ValidatorSchedules::Calls quantity_calls();
  void housekeeping();
  void tell_progress();
  void tell_clock_problem(Now now);
  std::string problem() const;
  std::vector<controllers::OperationsController::WriteMetrics> metrics();

  const Config& config_;
  identity::KeyRing keys_;
  http::Router router_;
  std::unique_ptr<http::Server> check_server_;
  std::unique_ptr<PrivateConsole> console_;

  captcha::Tokens captcha_tokens_{keys_};
  services::accounts::Sessions sessions_{keys_};
  queue::rabbitmq::RabbitQueue queue_;
  schedules::ValidatorSchedules schedules_;  // the validator nudges them
  services::validator::Validator validator_;

  peers::Authenticator authenticator_;
  peers::HttpQuantityLink quantity_;
  http::Upstream upstream_;
  peers::HttpForwarder forwarder_{upstream_, authenticator_};
  controllers::OriginRule origin_;
  controllers::CheckController check_;
  controllers::CheckForwarding forwarding_;

  std::atomic<bool> quantity_answers_{false};
  std::optional<schedules::Periodic> housekeeping_schedule_;
  telemetry::LogLimit progress_log_{kProgressPeriod};
  bool loading_ = true;            // as it was told; the heartbeat thread's own
  std::uint64_t start_overs_ = 0;  // likewise
  bool clock_problem_ = false;     // as it was told; of housekeeping's thread
  int rounds_ = 0;                 // of housekeeping; its thread's own
};

Validate::Validate(const Config& config)
    : config_(config),
      keys_(key_path(config.data.dir)),
      check_server_(std::make_unique<http::Server>(public_listener(config), router_)),
      queue_(broker_options(config)),
      validator_({.member = this_member(config, check_server_->address()),
                  .rules = purchase_rules(config),
                  .captcha = captcha_tokens_,
                  .sessions = sessions_,
                  .queue = queue_,
                  .stuck = [this](Tick before) { return queue_.stuck_leases(before); },
                  .can_publish = [this] { return queue_.connected(); },
                  .shard_usable = [this](LeaseId lease) { return queue_.usable(lease); },
                  .low_stock = [this] { schedules_.nudge_asks(); }}),
      authenticator_(keys_, validator_.member().node),
      quantity_(config.cluster.quantity, authenticator_),
      origin_(origin_rule(config)),
      check_([this](const auto& attempt,
                    const auto& wait) { return validator_.attempt(attempt, wait); },
             sessions_, origin_, keys_,
             [this](Now now) { return validator_.clocks().read(now).now.wall; }),
      forwarding_({.node = validator_.member().node,
                   .routes = validator_.routes(),
                   .authenticator = authenticator_,
                   .forwarder = forwarder_,
                   .check = check_}) {}

/// The threads use members that are destroyed before them.
Validate::~Validate() {
  schedules_.stop();
  queue_.stop();
}

Role::Addresses Validate::start() {
  forwarding_.add_routes(router_);
  console_ = std::make_unique<PrivateConsole>(
      config_.http.console, [this] { return problem(); }, metrics());
  queue_.start(validator_.resolutions());
  schedules_.start(validator_, quantity_calls());
  housekeeping_schedule_.emplace("housekeeping", schedules::kHousekeepingPeriod,
                                 [this] { housekeeping(); });
  check_server_->start();
  console_->start();
  return {{"check", check_server_->url()}, {"console", console_->url()}};
}

schedules::ValidatorSchedules::Calls Validate::quantity_calls() {
  return {.beat =
              [this](peers::Heartbeat&& heartbeat) {
                heartbeat.counts = check_.counts();
                return quantity_.beat(heartbeat);
              },
          .ask = [this](const peers::LeaseAsk& ask) { return quantity_.ask(ask); },
          .heard =
              [this](bool answers) {
                quantity_answers_ = answers;
                if (answers) tell_progress();
              }};
}

void Validate::tell_progress() {
  const bool loading = validator_.loading();
  if (loading && progress_log_.admits()) {
    telemetry::log_info("orders are loading", "orders={}", validator_.orders_told());
  }
  if (loading_ && !loading) {
    telemetry::log_info("orders known", "orders={}", validator_.orders_told());
  }
  loading_ = loading;
  if (const auto start_overs = validator_.start_overs(); start_overs != start_overs_) {
    start_overs_ = start_overs;
    telemetry::log_error(
        "the database has lost its last commits: orders that were told may be gone; all orders are "
        "read again, and nobody is told no meanwhile");
  }
}

void Validate::housekeeping() {
  const Now now = read_clocks();
  validator_.expire_waits(now);
  if (++rounds_ % schedules::kSweepEvery == 0) validator_.sweep(now);
  tell_clock_problem(now);
  if (keys_.reload()) telemetry::log_info("keys reloaded");
}

void Validate::tell_clock_problem(Now now) {
  const std::string problem = validator_.clocks().problem(now);
  if (problem.empty() == !clock_problem_) return;
  clock_problem_ = !problem.empty();
  if (clock_problem_) {
    telemetry::log_error("a clock is wrong: nobody is told no", "reason=\"{}\"", problem);
  } else {
    telemetry::log_info("the clocks are right again");
  }
}

/// Why no purchase could succeed now.
std::string Validate::problem() const {
  // First: it may be the reason for the others.
  const std::string clock = validator_.clocks().problem(read_clocks());
  if (!clock.empty()) return "A clock is wrong: " + clock + '.';
  // Before quantity control, which may leave out whom the broker does not take purchases from.
  if (!queue_.connected()) return "The broker takes no purchases now.";
  if (!quantity_answers_ || !validator_.ready()) return "Quantity control does not answer.";
  return {};
}

bool Validate::stop() {
  if (const auto farewell = schedules_.leave(); !farewell) {
    telemetry::log_warning("left without a farewell", "reason=\"{}\"", farewell.error());
  }
  check_server_->drain();
  console_->drain();
  schedules_.stop();
  validator_.checkout().catalog().stop_selling();
  const bool whole = queue_.finish(time_to_finish());
  queue_.stop();
  housekeeping_schedule_->stop();
  upstream_.stop();
  console_.reset();
  check_server_.reset();
  return whole;
}

std::vector<controllers::OperationsController::WriteMetrics> Validate::metrics() {
  return {
      [this](telemetry::PrometheusText& text) { check_.write_metrics(text); },
      [this](telemetry::PrometheusText& text) { forwarding_.write_metrics(text); },
      [this](telemetry::PrometheusText& text) {
        write_checkout_metrics(text, validator_.checkout());
      },
      [this](telemetry::PrometheusText& text) {
        write_validator_metrics(text, validator_, read_clocks());
      },
      [this](telemetry::PrometheusText& text) { write_publisher_metrics(text, queue_); },
      [this](telemetry::PrometheusText& text) {
        write_http_metrics(text, "check", check_server_->statistics());
      },
  };
}

}  // namespace

int run_validate(const Config& config) {
  prepare_process();
  warn_about_proxies(config);
  queue::rabbitmq::check_broker(broker_options(config));
  Validate validate(config);
  return run_role(validate);
}

}  // namespace stampede::app
