#include "services/accounts/accounts.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <new>
#include <utility>

#include "concurrency/worker_pool.h"
#include "identity/guess_limit.h"
#include "identity/password.h"
#include "repositories/storage_error.h"
#include "services/accounts/credentials.h"
#include "services/accounts/login_throttle.h"
#include "telemetry/log.h"

namespace stampede::services::accounts {
namespace {

using repositories::StorageError;
using Answer = std::expected<Login, AccountError>;

/// A password hash that no password matches.
constexpr std::string_view kLocked = "!";

struct Counts {
  std::atomic<std::uint64_t> registered{0};
  std::atomic<std::uint64_t> logged_in{0};
  std::array<std::atomic<std::uint64_t>, kAccountErrors> refused{};
};

/// A callback that is called exactly once: with kOverloaded if it is dropped before, be it because
/// the pool's queue is full or because the pool ends.
class Reply {
 public:
  Reply(Counts& counts, LoginDone done) : counts_(&counts), done_(std::move(done)) {}
  Reply(Reply&& other) noexcept
      : counts_(other.counts_), done_(std::exchange(other.done_, nullptr)) {}
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  Reply& operator=(Reply&&) = delete;
  ~Reply() {
    if (done_) (*this)(std::unexpected(AccountError::kOverloaded));
  }

  void operator()(Answer answer) {
    if (!answer) ++counts_->refused[static_cast<std::size_t>(answer.error())];
    std::exchange(done_, nullptr)(std::move(answer));
  }

 private:
  Counts* counts_;
  LoginDone done_;
};

/// True if it is this user's password. Takes the same time whether there is such a user or not.
bool proves(const std::optional<User>& user, std::string_view password) {
  return identity::verify_password(user ? std::string_view(user->password_hash) : kLocked,
                                   password);
}

}  // namespace

std::string_view explain(AccountError error) {
  switch (error) {
    case AccountError::kBadName: {
      static const std::string text =
          "A name has " + std::string(kUserNameForm) + "; its letters are A to Z.";
      return text;
    }
    case AccountError::kBadPassword:
      return "A password has 8 to 128 bytes of valid UTF-8 text.";
    case AccountError::kNameTaken:
      return "This name is taken: choose another.";
    case AccountError::kWrongLogin:
      return "Name or password is wrong.";
    case AccountError::kThrottled:
      return "Too many tries: wait a minute and try again.";
    case AccountError::kOverloaded:
      return "Too many people are logging in at this moment: try again in a few seconds.";
    case AccountError::kStorage:
      return "The accounts cannot be reached at this moment: try again in a few seconds.";
  }
  std::unreachable();
}

class Accounts::Implementation {
 public:
  void stop() { pool_.stop(); }

  Implementation(repositories::Accounts& repository, Sessions& sessions, const Options& options)
      : repository_(repository),
        sessions_(sessions),
        site_(options.site),
        throttle_(options.wrong_per_name, options.wrong_per_address),
        registrations_(options.registrations_per_address),
        pool_({.name = "accounts",
               .threads = options.threads,
               .queue = options.queue,
               .niceness = 10}) {}

  void register_buyer(std::string name, std::string password, const std::string& address, Now now,
                      Reply reply) {
    if (!is_name(name)) return reply(std::unexpected(AccountError::kBadName));
    if (!is_password(password)) return reply(std::unexpected(AccountError::kBadPassword));
    if (!registrations_.charge(network_of(address), now.tick)) {
      return reply(std::unexpected(AccountError::kThrottled));
    }
    enqueue(std::move(reply),
            [this, name = std::move(name), password = std::move(password), now]() -> Answer {
              const auto id = create(repository_, name, password, UserRole::kBuyer, now.wall);
              if (!id) return std::unexpected(id.error());
              ++counts_.registered;
              return logged_in(*id, name, SessionEpoch{0}, now);
            });
  }

  void log_in(std::string name, std::string password, const std::string& address, Now now,
              Reply reply) {
    // No user can have such a name or password, so a quick refusal reveals nothing.
    if (!is_name(name) || !is_password(password)) {
      return reply(std::unexpected(AccountError::kWrongLogin));
    }
    LoginThrottle::Source source(fold_case(name), network_of(address));
    if (throttle_.exhausted(source, now.tick)) {
      return reply(std::unexpected(AccountError::kThrottled));
    }
    enqueue(std::move(reply),
            [this, name = std::move(name), password = std::move(password),
             source = std::move(source), now]() -> Answer {
              const auto user = repository_.find_by_name(name);
              if (const auto refused = judge(user, password, source, now)) {
                return std::unexpected(*refused);
              }
              ++counts_.logged_in;
              return logged_in(user->id, user->name, user->session_epoch, now);
            });
  }

  void change_password(UserId id, std::string old_password, std::string new_password,
                       const std::string& address, Now now, Reply reply) {
    if (!is_password(new_password)) return reply(std::unexpected(AccountError::kBadPassword));
    if (!is_password(old_password)) return reply(std::unexpected(AccountError::kWrongLogin));
    LoginThrottle::Source source("#" + std::to_string(id.value), network_of(address));
    if (throttle_.exhausted(source, now.tick)) {
      return reply(std::unexpected(AccountError::kThrottled));
    }
    enqueue(std::move(reply),
            [this, id, old_password = std::move(old_password),
             new_password = std::move(new_password), source = std::move(source), now]() -> Answer {
              const auto user = repository_.find(id);
              if (const auto refused = judge(user, old_password, source, now)) {
                return std::unexpected(*refused);
              }
              const auto epoch = set_password(repository_, id, new_password, now.wall);
              if (!epoch) return std::unexpected(epoch.error());
              sessions_.revoke_below(id, *epoch, now.wall);
              return logged_in(id, user->name, *epoch, now);
            });
  }

  void log_out(UserId id, Now now, Reply reply) {
    enqueue(std::move(reply), [this, id, now]() -> Answer {
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
  /// Why this try fails, or nullopt if the password is right. The try is charged before the
  /// password is checked, so that parallel tries cannot exceed the limit together, and after the
  /// database was read, so that a database that is away does not count as a wrong try.
  std::optional<AccountError> judge(const std::optional<User>& user, std::string_view password,
                                    const LoginThrottle::Source& source, Now now) {
    if (!throttle_.charge(source, now.tick)) return AccountError::kThrottled;
    if (!proves(user, password) || !may_enter(*user)) return AccountError::kWrongLogin;
    throttle_.forgive(source);
    return std::nullopt;
  }

  bool may_enter(const User& user) const {
    return site_ == Sessions::Site::kShop || user.role == UserRole::kOperator;
  }

  Login logged_in(UserId id, const std::string& name, SessionEpoch epoch, Now now) const {
    return {.user = id, .name = name, .sign = sessions_.issue(id, epoch, now.wall, site_)};
  }

  /// Runs `work` on the pool and replies with its answer.
  template <class Work>
  void enqueue(Reply reply, Work work) {
    // A task that the pool refuses or drops replies in its destructor.
    static_cast<void>(pool_.submit(
        [reply = std::move(reply), work = std::move(work)]() mutable { reply(attempt(work)); }));
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
  const Sessions::Site site_;
  LoginThrottle throttle_;
  identity::GuessLimit registrations_;
  Counts counts_;
  concurrency::WorkerPool pool_;  // last: its tasks use all of the above
};

Accounts::Accounts(repositories::Accounts& repository, Sessions& sessions, Options options)
    : implementation_(std::make_unique<Implementation>(repository, sessions, options)) {}
Accounts::~Accounts() = default;

void Accounts::stop() { implementation_->stop(); }

void Accounts::register_buyer(std::string name, std::string password, const std::string& address,
                              Now now, LoginDone done) {
  implementation_->register_buyer(std::move(name), std::move(password), address, now,
                                  implementation_->reply(std::move(done)));
}

void Accounts::log_in(std::string name, std::string password, const std::string& address, Now now,
                      LoginDone done) {
  implementation_->log_in(std::move(name), std::move(password), address, now,
                          implementation_->reply(std::move(done)));
}

void Accounts::change_password(UserId user, std::string old_password, std::string new_password,
                               const std::string& address, Now now, LoginDone done) {
  implementation_->change_password(user, std::move(old_password), std::move(new_password), address,
                                   now, implementation_->reply(std::move(done)));
}

void Accounts::log_out(UserId user, Now now, std::move_only_function<void(bool)> done) {
  implementation_->log_out(
      user, now, implementation_->reply([done = std::move(done)](const Answer& answer) mutable {
        done(answer.has_value());
      }));
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
