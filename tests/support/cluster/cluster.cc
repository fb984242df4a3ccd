#include "tests/support/cluster/cluster.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <stdexcept>

#include "queue/rabbitmq/topology.h"
#include "tests/support/eventually.h"
#include "tests/support/server_process.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
constexpr std::uint16_t kFirstPort = 8100;
constexpr std::uint16_t kFirstConsole = 8200;

}  // namespace

Cluster::Cluster(Servers& servers, Options options)
    : servers_(servers), options_(std::move(options)), database_(servers.database()) {
  for (const std::string& name : options_.quantities) add_role(name, "quantity");
  for (const std::string& node : options_.validators) add_role(node, "validate");
  for (const char* name : {"consume", "web", "admin"}) add_role(name, name);
  // Written once all ports are chosen, because each file names all processes of quantity control.
  for (const std::string& name : names_) write_config(name);
  run({"keys", "create"});
  start(options_.quantities.front());  // the others would wait for it
  for (std::size_t i = 1; i < names_.size(); ++i) begin(names_[i]);
  for (std::size_t i = 1; i < names_.size(); ++i) await_ready(names_[i]);
}

void Cluster::add_role(const std::string& name, const std::string& command) {
  const auto number = static_cast<std::uint16_t>(names_.size());
  const bool listens = command != "consume" && command != "admin";
  names_.push_back(name);
  if (command == "validate") validators_.push_back(name);
  roles_.emplace(name, Role{.command = command,
                            .site = servers_.site(name),
                            .port = listens ? static_cast<std::uint16_t>(kFirstPort + number)
                                            : std::uint16_t{0},
                            .console = static_cast<std::uint16_t>(kFirstConsole + number)});
}

void Cluster::write_config(const std::string& name) {
  std::ofstream(config(name)) << config_text(name);
  std::filesystem::permissions(config(name), std::filesystem::perms::owner_read);
}

bool Cluster::leads(const std::string& quantity) const {
  return operator_at(quantity).get("/readyz").body == R"({"status":"leader"})";
}

std::string Cluster::config_text(const std::string& name) const {
  const Role& own = role(name);
  std::string text = fmt::format("[data]\ndir = {:?}\n[http]\nconsole = \"{}\"\n",
                                 (folder_.path() / "data").string(), console(name).text());
  if (own.port != 0) {
    text += fmt::format("listen = \"{}\"\nconnections_per_address = 20000\n", address(name).text());
  }
  text += fmt::format("[admission]\ncheck_rate = {}\ncheck_burst = {}\ninterval_seconds = {}\n",
                      options_.check_rate, options_.check_burst, options_.interval_seconds);
  std::vector<std::string> quantities;
  for (const auto& each : options_.quantities) {
    quantities.push_back(fmt::format("\"{}\"", address(each).text()));
  }
  text += fmt::format("[cluster]\nquantity = [{}]\n", fmt::join(quantities, ", "));
  if (own.command == "validate") text += fmt::format("node = \"{}\"\n", name);
  text += fmt::format("[queue]\nbrokers = [{}]\nuser = {:?}\npassword = {:?}\nname = {:?}\n",
                      servers_.broker_addresses(), Servers::kQueueUser, Servers::kQueuePassword,
                      queue_name());
  text += fmt::format("[database]\naddress = {:?}\nuser = {:?}\npassword = {:?}\nname = {:?}\n",
                      servers_.database().address(), MariadbServer::kUser, MariadbServer::kPassword,
                      database_.name());
  return text;
}

Cluster::Role& Cluster::role(const std::string& name) { return roles_.at(name); }
const Cluster::Role& Cluster::role(const std::string& name) const { return roles_.at(name); }

std::filesystem::path Cluster::config(const std::string& name) const {
  return folder_.path() / (name + ".toml");
}

void Cluster::begin(const std::string& name) {
  Role& own = role(name);
  own.process.reset();
  const Inside inside(own.site.place);
  own.process.emplace(
      std::vector<std::string>{stampede_binary(), own.command, "--config", config(name).string()},
      own.environment);
}

void Cluster::set_wall_clock(const std::string& name, std::chrono::seconds ahead) {
  role(name).environment = {{"LD_PRELOAD", STAMPEDE_WRONG_CLOCK},
                            {"WRONG_CLOCK_SECONDS", std::to_string(ahead.count())}};
}

void Cluster::launch(const std::string& name) {
  begin(name);
  Child& process = *role(name).process;
  while (const auto line = process.read_line(kPatience)) {
    if (*line == "ready") return;
  }
  process.wait(1s);
  throw std::runtime_error(name + " did not become ready; it said: " + log(name));
}

bool Cluster::ready(const std::string& name) {
  http::Client client(console(name).host, console(name).port, 2s);
  const auto answer =
      client.send({.method = "GET", .target = "/readyz", .headers = {}, .body = {}});
  return answer && answer->status == 200;
}

bool Cluster::running(const std::string& name) { return !role(name).process->wait(0ms); }

void Cluster::await_ready(const std::string& name) {
  const bool is_ready = eventually(kPatience, [&] {
    if (!running(name)) throw std::runtime_error(name + " ended: " + log(name));
    return ready(name);
  });
  if (!is_ready) throw std::runtime_error(name + " does not become ready; it said: " + log(name));
}

void Cluster::start(const std::string& name) {
  launch(name);
  await_ready(name);
}

void Cluster::add_validator(const std::string& node) {
  add_role(node, "validate");
  write_config(node);
  begin(node);
}

void Cluster::kill(const std::string& name) {
  role(name).process->signal(SIGKILL);
  if (!role(name).process->wait(kPatience)) throw std::runtime_error(name + " outlived SIGKILL");
}

void Cluster::freeze(const std::string& name) { freeze_process(role(name).process->pid()); }
void Cluster::thaw(const std::string& name) { role(name).process->signal(SIGCONT); }

int Cluster::terminate(const std::string& name) {
  role(name).process->signal(SIGTERM);
  const auto exit = role(name).process->wait(kPatience);
  if (!exit) throw std::runtime_error(name + " did not end after SIGTERM: " + log(name));
  return *exit;
}

std::string Cluster::log(const std::string& name) const {
  return role(name).process->standard_error();
}

CommandResult Cluster::try_role(const std::string& name, const Environment& environment) const {
  const Inside inside(role(name).site.place);
  return run_command({stampede_binary(), role(name).command, "--config", config(name).string()},
                     environment);
}

net::HostPort Cluster::address(const std::string& name) const {
  return {.host = role(name).site.address, .port = role(name).port};
}

net::HostPort Cluster::console(const std::string& name) const {
  return {.host = role(name).site.address, .port = role(name).console};
}

std::string Cluster::metrics(const std::string& name) const {
  return operator_at(name).get("/metrics").body;
}

double Cluster::metric(const std::string& name, std::string_view metric) const {
  const std::string text = metrics(name);
  const std::string before = fmt::format("\n{} ", metric);
  const std::size_t found = text.find(before);
  if (found == std::string::npos) {
    throw std::runtime_error(fmt::format("{} has no {}: {}", name, metric, text));
  }
  return std::stod(text.substr(found + before.size()));
}

std::chrono::milliseconds Cluster::processor_time(const std::string& name) const {
  return processor_time_of(role(name).process.value().pid());
}

Cluster::OpenSale Cluster::open_sale(SaleOptions options) {
  // The probes are banned before there is a sale, so a validator that knows the sale knows of the
  // bans, and sells them nothing.
  if (probes_.empty()) make_probes();
  if (!options.product) options.product = add_product();
  const OpenSale sale{create_sale(options), options.product};
  for (Buyer& probe : probes_) {
    const bool known = eventually(
        kPatience, [&] { return probe.buy(sale.product, fresh_key()).result == "blacklisted"; });
    if (!known) throw std::runtime_error("a validator does not know the new sale");
  }
  return sale;
}

/// Makes banned buyers: the answer to one tells whether the owning validator knows a sale, and
/// there are enough of them for each validator to own some.
void Cluster::make_probes() {
  constexpr std::int64_t kFirst = 1'000'000'000;
  constexpr std::int64_t kProbes = 16;
  const net::HostPort at = address(validators_.front());
  for (MintedBuyer& minted : mint(kFirst, kFirst + kProbes - 1)) {
    run({"user", "ban", std::to_string(minted.id.value)});
    probes_.emplace_back(at.port, minted.id, std::move(minted.sign), at.host);
  }
}

Buyer Cluster::buyer(const std::string& name, std::int64_t id) const {
  auto minted = mint(id, id);
  const net::HostPort at = address(name);
  return {at.port, minted.at(0).id, std::move(minted[0].sign), at.host};
}

std::int64_t Cluster::number(const std::string& select) const {
  return std::stoll(servers_.database().sql(fmt::format("USE {}; {}", database_.name(), select)));
}

queue::rabbitmq::Options Cluster::broker_options() const {
  queue::rabbitmq::Options options;
  options.brokers = {servers_.broker().address()};
  options.user = Servers::kQueueUser;
  options.password = Servers::kQueuePassword;
  options.name = queue_name();
  options.connect_timeout = kPatience;
  return options;
}

std::uint64_t Cluster::queued() const {
  const auto depths = queue::rabbitmq::queue_depths(broker_options());
  return std::accumulate(depths.orders.begin(), depths.orders.end(), depths.dead_letters);
}

}  // namespace stampede::test_support
