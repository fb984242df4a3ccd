#include "services/accounts/login_throttle.h"

namespace stampede::services::accounts {

LoginThrottle::Source::Source(std::string_view name, std::uint64_t number, std::string_view device)
    : account(name), network(std::to_string(number)), pair(network + '\n' + account) {
  if (!device.empty()) known_device = account + "\n\n" + std::string(device);
}

LoginThrottle::LoginThrottle(const Limits& limits)
    : wrong_of_places_(limits.wrong_per_name),
      wrong_of_networks_(limits.wrong_per_network),
      wrong_of_accounts_(limits.wrong_per_account),
      right_of_places_(limits.right_per_name),
      right_of_accounts_(limits.right_per_account) {}

bool LoginThrottle::exhausted(const Source& source, Tick now) {
  if (wrong_of_places_.exhausted(source.place(), now) ||
      right_of_places_.exhausted(source.place(), now)) {
    return true;
  }
  return source.stranger() && (wrong_of_networks_.exhausted(source.network, now) ||
                               wrong_of_accounts_.exhausted(source.account, now) ||
                               right_of_accounts_.exhausted(source.account, now));
}

bool LoginThrottle::charge(const Source& source, Tick now) {
  if (!wrong_of_places_.charge(source.place(), now)) return false;
  if (!source.stranger()) return true;
  if (wrong_of_networks_.charge(source.network, now)) {
    if (wrong_of_accounts_.charge(source.account, now)) return true;
    wrong_of_networks_.forgive(source.network);
  }
  wrong_of_places_.forgive(source.place());
  return false;
}

void LoginThrottle::was_right(const Source& source, Tick now) {
  wrong_of_places_.forgive(source.place());
  // Beyond the limit none is counted; exhausted() says so before the next one is tried.
  static_cast<void>(right_of_places_.charge(source.place(), now));
  if (!source.stranger()) return;
  wrong_of_networks_.forgive(source.network);
  wrong_of_accounts_.forgive(source.account);
  static_cast<void>(right_of_accounts_.charge(source.account, now));
}

}  // namespace stampede::services::accounts
