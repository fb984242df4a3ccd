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
  void beat();
  void review_leases() { validator_.review(read_clocks()); }
  void ask_for_leases();
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
  // The validator, and a heartbeat that another is to follow, nudge them.
  schedules::Periodic ask_schedule_{"lease requests", schedules::kLeasePeriod};
  schedules::Periodic heartbeat_schedule_{"heartbeat", schedules::kHeartbeatPeriod};
  services::validator::Validator validator_;

  peers::Authenticator authenticator_;
  peers::HttpQuantityLink quantity_;
  http::Upstream upstream_;
  peers::HttpForwarder forwarder_{upstream_, authenticator_};
  controllers::OriginRule origin_;
  controllers::CheckController check_;
  controllers::CheckForwarding forwarding_;

  std::atomic<bool> quantity_answers_{false};
  // Of its own: a request for a lease may wait for seconds, and leases are given up meanwhile.
  std::optional<schedules::Periodic> review_schedule_;
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
                  .low_stock = [this] { ask_schedule_.nudge(); }}),
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

/// Its threads use what goes before they would.
Validate::~Validate() {
  heartbeat_schedule_.stop();
  ask_schedule_.stop();
  queue_.stop();
}

Role::Addresses Validate::start() {
  forwarding_.add_routes(router_);
  console_ = std::make_unique<PrivateConsole>(
      config_.http.console, [this] { return problem(); }, metrics());
  queue_.start(validator_.resolutions());
  review_schedule_.emplace("leases", schedules::kLeasePeriod, [this] { review_leases(); });
  ask_schedule_.start([this] { ask_for_leases(); });
  heartbeat_schedule_.start([this] { beat(); });
  housekeeping_schedule_.emplace("housekeeping", schedules::kHousekeepingPeriod,
                                 [this] { housekeeping(); });
  check_server_->start();
  console_->start();
  return {{"check", check_server_->url()}, {"console", console_->url()}};
}

/// One exchange. While orders of before the start are on their way, one follows the other; each
/// renews the leases too.
void Validate::beat() {
  const Now asked = read_clocks();
  auto heartbeat = validator_.compose(asked);
  heartbeat.counts = check_.counts();
  bool more = false;
  try {
    const auto reply = quantity_.beat(heartbeat);
    if (!reply) throw std::runtime_error(reply.error());
    const auto applied = validator_.apply(*reply, asked, read_clocks());
    if (!applied) throw std::runtime_error(applied.error());
    more = *applied;
  } catch (...) {
    quantity_answers_ = false;
    validator_.unanswered(std::move(heartbeat));
    throw;
  }
  quantity_answers_ = true;
  tell_progress();
  if (more) heartbeat_schedule_.nudge();
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

void Validate::ask_for_leases() {
  std::string problem;
  for (const peers::LeaseAsk& ask : validator_.wanted(read_clocks())) {
    const Now asked = read_clocks();
    const auto reply = quantity_.ask(ask);
    validator_.answered(ask, reply ? std::optional(*reply) : std::nullopt, asked, read_clocks());
    if (!reply) problem = reply.error();
  }
  if (!problem.empty()) throw std::runtime_error(problem);
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
  heartbeat_schedule_.stop();
  // From here on others may decide about its buyers, whether or not the farewell is answered.
  validator_.leave();
  try {
    beat();
  } catch (const std::exception& error) {
    telemetry::log_warning("left without a farewell", "reason=\"{}\"", error.what());
  }
  check_server_->drain();
  console_->drain();
  ask_schedule_.stop();
  review_schedule_->stop();
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
  queue::rabbitmq::check_broker(broker_options(config));
  Validate validate(config);
  return run_role(validate);
}

}  // namespace stampede::app
