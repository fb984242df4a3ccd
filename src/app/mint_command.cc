#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <system_error>

#include "app/commands.h"
#include "app/office.h"
#include "app/progress.h"
#include "captcha/captcha.h"
#include "identity/key_ring.h"
#include "services/accounts/sessions.h"

namespace stampede::app {
namespace {

/// Users made in one transaction and written at once.
constexpr std::int64_t kBatch = 10'000;

IdempotencyKey key_of(const Mint& options, UserId user) {
  if (options.key) return *options.key;
  // The prefix was checked with the command line, so this is a key.
  return IdempotencyKey::parse(fmt::format("{}{:0{}}", options.key_prefix, user.value, kMintDigits))
      .value();
}

void write_out(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    throw std::system_error(errno, std::generic_category(), "standard output");
  }
}

/// Writes the lines of users `first` and on, whose session epochs are given.
class Minter {
 public:
  Minter(const Mint& options, const identity::KeyRing& ring)
      : options_(options), sessions_(ring), tokens_(ring) {}

  void write(UserId first, const std::vector<SessionEpoch>& epochs, Instant now) {
    text_.clear();
    UserId user = first;
    for (const SessionEpoch epoch : epochs) {
      fmt::format_to(std::back_inserter(text_), "{} {}", user.value,
                     sessions_.issue(user, epoch, now));
      if (options_.product) {
        text_ += ' ';
        text_ += tokens_.seal_pass({user, options_.product, key_of(options_, user)}, now);
      }
      text_ += '\n';
      ++user.value;
    }
    write_out(text_);
  }

 private:
  const Mint& options_;
  services::accounts::Sessions sessions_;
  captcha::Tokens tokens_;
  std::string text_;
};

}  // namespace

Done mint(const Config& config, const Mint& options) {
  Office office(config, Office::Missing::kRefuse);
  if (options.product && !office.storage().catalog().product(options.product)) {
    return std::unexpected(fmt::format("there is no product {}; `stampede product list` shows all",
                                       options.product.value));
  }
  const identity::KeyRing ring(office.keys());
  Minter minter(options, ring);
  const UserId last = options.users.last;
  office.record("mint", fmt::format("users {}-{}", options.users.first.value, last.value),
                read_clocks().wall);
  Progress progress("minting", options.users.size());
  for (UserId first = options.users.first; first <= last; first.value += kBatch) {
    const UserId end{std::min(last.value, first.value + kBatch - 1)};
    const Instant now = read_clocks().wall;
    minter.write(first, office.storage().accounts().ensure_range(first, end, now), now);
    progress.advance(end.value - first.value + 1);
  }
  return {};
}

}  // namespace stampede::app
