#include "services/accounts/accounts.h"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "concurrency/fair_pool.h"
#include "concurrency/slow_refusals.h"
#include "identity/guess_limit.h"
#include "identity/password.h"
#include "net/network.h"
#include "repositories/storage_error.h"
#include "services/accounts/credentials.h"
#include "services/accounts/reply.h"
#include "telemetry/log.h"

namespace stampede::services::accounts {
namespace {

using concurrency::FairQueue;
using repositories::StorageError;
using Answer = std::expected<Login, AccountError>;

/// How far the threads stand back behind the sale.
constexpr int kStandsBack = 10;

/// A password hash that no password matches.
constexpr std::string_view kLocked = "!";

/// True if it is this user's password. Takes the same time whether there is such a user or not.
bool proves(const std::optional<User>& user, std::string_view password) {
  return identity::verify_password(user ? std::string_view(user->password_hash) : kLocked,
                                   password);
}

}  // namespace

class Accounts::Implementation {
 public:
  void stop() {
    pool_.stop();
    refusals_.stop();
  }

  Implementation(repositories::Accounts& repository, Sessions& sessions, const Devices& devices,
                 const Options& options)
      : repository_(repository),
        sessions_(sessions),
        devices_(devices),
        site_(options.site),
        second_factor_(options.second_factor),
        ipv6_prefix_(options.ipv6_prefix),
        throttle_(options.tries),
        registrations_(options.registrations_per_network),
        pool_({.name = "accounts",
               .threads = options.threads,
               .queue = options.queue,
               .niceness = kStandsBack,
               .thread_for_few = options.thread_for_few}),
        refusals_(options.refusal_delay, kStandsBack) {}
  ~Implementation() { stop(); }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  void register_buyer(std::string name, std::string password, const Client& client, Now now,
                      Reply reply) {
    if (!is_name(name)) return reply(std::unexpected(AccountError::kBadName));
    if (!is_password(password)) return reply(std::unexpected(AccountError::kBadPassword));
    const std::uint64_t network = network_of(client);
    if (!registrations_.charge(std::to_string(network), now.tick)) {
      return refuse(std::move(reply));
    }
    enqueue(
        path(throttle_.guesses(network, now.tick) ? kGuesser : kRegistering, network,
             fold_case(name)),
        std::move(reply),
        [this, name = std::move(name), password = std::move(password), client, now]() -> Answer {
          const std::string hash = identity::hash_password(password);
          const auto id = repository_.create(name, hash, UserRole::kBuyer, now.wall);
          if (!id) return std::unexpected(AccountError::kNameTaken);
          ++counts_.registered;
          return Login{.user = *id,
                       .name = name,
                       .sign = sessions_.issue(*id, SessionEpoch{0}, now.wall, client.secure),
                       .device = device_of(client, name, hash, now.wall)};
        });
  }

  void log_in(Credentials typed, const Client& client, Now now, Reply reply) {
    // No user can have such a name or password, so a quick refusal reveals nothing.
    if (!is_name(typed.name) || !is_password(typed.password)) {
      return reply(std::unexpected(AccountError::kWrongLogin));
    }
    const std::string account = fold_case(typed.name);
    const std::uint64_t network = network_of(client);
    const auto known = devices_.find(client.device, account, now.wall);
    const LoginThrottle::Source source(account, network, known ? known->device : "");
    if (throttle_.exhausted(source, now.tick)) {
      return refuse(std::move(reply));
    }
    enqueue(path(known ? kProven : stranger_of(network, now), network, account), std::move(reply),
            [this, account, network, known, typed = std::move(typed), client, now]() -> Answer {
              const auto user = repository_.find_by_name(account);
              // A device is known as long as the password with which it was let in.
              const bool still_known =
                  known && user && Devices::mark_of(user->password_hash) == known->password;
              const LoginThrottle::Source from(account, network, still_known ? known->device : "");
              const auto proof = judge(user, typed, from, now);
              if (!proof) return std::unexpected(proof.error());
              ++counts_.logged_in;
              return Login{
                  .user = user->id,
                  .name = user->name,
                  .sign = session_of(*user, user->session_epoch, client, now.wall, *proof),
                  .device =
                      still_known ? "" : device_of(client, account, user->password_hash, now.wall)};
            });
  }

  void change_password(UserId id, std::string old_password, std::string new_password,
                       const Client& client, Now now, Reply reply) {
    if (!is_password(new_password)) return reply(std::unexpected(AccountError::kBadPassword));
    if (!is_password(old_password)) return reply(std::unexpected(AccountError::kWrongLogin));
    // Counted by the account alone: those who guess from the same network have no session of it.
    const std::string account = account_of(id);
    LoginThrottle::Source source(account, network_of(client), "session");
    if (throttle_.exhausted(source, now.tick)) {
      return refuse(std::move(reply));
    }
    enqueue(
        path(kProven, network_of(client), account), std::move(reply),
        [this, id, old_password = std::move(old_password), new_password = std::move(new_password),
         source = std::move(source), client, now]() -> Answer {
          const auto user = repository_.find(id);
          const auto proof = judge(user, {.name = {}, .password = old_password}, source, now);
          if (!proof) return std::unexpected(proof.error());
          const std::string hash = identity::hash_password(new_password);
          // Another change may have come between.
          const auto epoch = repository_.replace_password(id, user->password_hash, hash, now.wall);
          if (!epoch) return std::unexpected(AccountError::kWrongLogin);
          sessions_.revoke_below(id, *epoch, now.wall);
          return Login{.user = id,
                       .name = user->name,
                       .sign = session_of(*user, *epoch, client, now.wall, *proof),
                       .device = device_of(client, user->name, hash, now.wall)};
        });
  }

  void log_out(UserId id, const Client& client, Now now, Reply reply) {
    enqueue(path(kProven, network_of(client), account_of(id)), std::move(reply),
            [this, id, now]() -> Answer {
              // A user who does not exist any more has no session to end.
              if (const auto epoch = repository_.raise_epoch(id, now.wall)) {
                sessions_.revoke_below(id, *epoch, now.wall);
              }
              return Login{.user = id, .name = {}, .sign = {}};
            });
  }

  Reply reply(LoginDone done) { return {counts_, std::move(done)}; }

  Statistics statistics() const {
    Statistics statistics{.registered = counts_.registered, .logged_in = counts_.logged_in};
    std::ranges::copy(counts_.refused, statistics.refused.begin());
    return statistics;
  }

 private:
  using Proof = SecondFactor::Proof;

  /// Why this try fails, or what was shown besides the password if that is right. The try is
  /// charged before the password is checked, so that parallel tries cannot exceed the limit
  /// together, and after the database was read, so that a database that is away does not count as a
  /// wrong try.
  std::expected<Proof, AccountError> judge(const std::optional<User>& user,
                                           const Credentials& typed,
                                           const LoginThrottle::Source& source, Now now) {
    const auto charged = throttle_.charge(source, now.tick);
    if (!charged) return std::unexpected(AccountError::kThrottled);
    if (!proves(user, typed.password) || !may_enter(*user)) {
      return std::unexpected(AccountError::kWrongLogin);
    }
    const Proof proof = second_factor_ == nullptr
                            ? Proof::kNotAsked
                            : second_factor_->check(user->id, typed.code, now.wall);
    if (proof == Proof::kWrong) return std::unexpected(AccountError::kCodeNeeded);
    throttle_.was_right(source, *charged, now.tick);
    return proof;
  }

  /// Each password is accepted at one site alone.
  bool may_enter(const User& user) const {
    return is_of_console(user.role) == (site_ == Sessions::Site::kConsole);
  }

  std::string session_of(const User& user, SessionEpoch epoch, const Client& client, Instant now,
                         Proof proof) const {
    if (site_ == Sessions::Site::kShop) return sessions_.issue(user.id, epoch, now, client.secure);
    return sessions_.issue_at_console(user.id, user.role, epoch, now, proof == Proof::kRight);
  }

  std::uint64_t network_of(const Client& client) const {
    return net::network_of(client.address, ipv6_prefix_);
  }

  /// A key of the account whose session it is; no name has a "#".
  static std::string account_of(UserId user) { return "#" + std::to_string(user.value); }

  /// In which order those who wait take turns.
  using Path = std::array<std::string, 4>;
  static constexpr const char* kProven = "proven";
  static constexpr const char* kStranger = "stranger";
  static constexpr const char* kGuesser = "guesser";
  static constexpr const char* kRegistering = "registering";
  static Path path(const char* who, std::uint64_t network, const std::string& account) {
    return {who, std::to_string(net::site_of(network)), std::to_string(network), account};
  }

  /// A network that guesses waits apart from other strangers, who would have less than every second
  /// turn else.
  const char* stranger_of(std::uint64_t network, Now now) {
    return throttle_.guesses(network, now.tick) ? kGuesser : kStranger;
  }

  std::string device_of(const Client& client, const std::string& name,
                        const std::string& password_hash, Instant now) const {
    return devices_.issue(client.device, fold_case(name), Devices::mark_of(password_hash), now);
  }

  void refuse(Reply reply) {
    refusals_.add(
        [reply = std::move(reply)]() mutable { reply(std::unexpected(AccountError::kThrottled)); });
  }

  /// Runs `work` on the pool, when it is the turn of `path`, and replies with its answer.
  template <class Work>
  void enqueue(const Path& path, Reply reply, Work work) {
    // A task that is dropped replies in its destructor.
    const auto shared = std::make_shared<Reply>(std::move(reply));
    FairQueue::Task task = [shared, work = std::move(work)]() mutable { (*shared)(attempt(work)); };
    auto pushed = pool_.submit(path, std::move(task));
    if (pushed.result == FairQueue::Result::kPathIsFull) return refuse(std::move(*shared));
    if (pushed.result == FairQueue::Result::kFull) return refusals_.add([shared] {});
    if (pushed.displaced) refusals_.add([task = std::move(pushed.displaced)] {});
  }

  template <class Work>
  static Answer attempt(Work& work) {
    try {
      return work();
    } catch (const StorageError& error) {
      telemetry::log_error("account storage failed", "error=\"{}\"", error.what());
      // After a failed fsync nobody knows what the disk holds, so the exception ends the process.
      if (error.kind() == StorageError::Kind::kDurability) throw;
      return std::unexpected(AccountError::kStorage);
    } catch (const std::bad_alloc&) {
      telemetry::log_error("no memory to check a password");
      return std::unexpected(AccountError::kOverloaded);
    }
  }

  repositories::Accounts& repository_;
  Sessions& sessions_;
  const Devices& devices_;
  const Sessions::Site site_;
  SecondFactor* const second_factor_;
  const int ipv6_prefix_;
  LoginThrottle throttle_;
  identity::GuessLimit registrations_;
  Counts counts_;
  // Last: their tasks use all of the above.
  concurrency::FairPool pool_;
  concurrency::SlowRefusals refusals_;
};

Accounts::Accounts(repositories::Accounts& repository, Sessions& sessions, const Devices& devices,
                   Options options)
    : implementation_(std::make_unique<Implementation>(repository, sessions, devices, options)) {}
Accounts::~Accounts() = default;

void Accounts::stop() { implementation_->stop(); }

void Accounts::register_buyer(std::string name, std::string password, const Client& client, Now now,
                              LoginDone done) {
  implementation_->register_buyer(std::move(name), std::move(password), client, now,
                                  implementation_->reply(std::move(done)));
}

void Accounts::log_in(Credentials credentials, const Client& client, Now now, LoginDone done) {
  implementation_->log_in(std::move(credentials), client, now,
                          implementation_->reply(std::move(done)));
}

void Accounts::change_password(UserId user, std::string old_password, std::string new_password,
                               const Client& client, Now now, LoginDone done) {
  implementation_->change_password(user, std::move(old_password), std::move(new_password), client,
                                   now, implementation_->reply(std::move(done)));
}

void Accounts::log_out(UserId user, const Client& client, Now now,
                       std::move_only_function<void(bool)> done) {
  implementation_->log_out(
      user, client, now,
      implementation_->reply(
          [done = std::move(done)](const Answer& answer) mutable { done(answer.has_value()); }));
}

Statistics Accounts::statistics() const { return implementation_->statistics(); }

std::expected<UserId, AccountError> Accounts::create(repositories::Accounts& repository,
                                                     std::string_view name,
                                                     std::string_view password, UserRole role,
                                                     Instant now) {
  if (!is_name(name)) return std::unexpected(AccountError::kBadName);
  if (!password.empty() && !is_password(password)) {
    return std::unexpected(AccountError::kBadPassword);
  }
  const std::string hash =
      password.empty() ? std::string(kLocked) : identity::hash_password(password);
  const auto id = repository.create(name, hash, role, now);
  if (!id) return std::unexpected(AccountError::kNameTaken);
  return *id;
}

std::expected<SessionEpoch, AccountError> Accounts::set_password(repositories::Accounts& repository,
                                                                 UserId user,
                                                                 std::string_view password,
                                                                 Instant now) {
  if (!is_password(password)) return std::unexpected(AccountError::kBadPassword);
  const auto epoch = repository.set_password(user, identity::hash_password(password), now);
  if (!epoch) return std::unexpected(AccountError::kWrongLogin);
  return *epoch;
}

}  // namespace stampede::services::accounts
