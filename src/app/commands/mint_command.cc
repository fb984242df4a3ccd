#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <iterator>
#include <system_error>
#include <vector>

#include "app/commands/command_context.h"
#include "app/commands/commands.h"
#include "app/terminal/progress.h"
#include "captcha/captcha.h"
#include "identity/key_ring.h"
#include "services/accounts/sessions.h"
#include "services/routing/ring.h"

namespace stampede::app {
namespace {

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
  /// `nodes`: of the cluster; needed for Mint::with_node only.
  Minter(const Mint& options, const identity::KeyRing& ring,
         std::optional<services::routing::Ring> nodes)
      : options_(options), sessions_(ring), tokens_(ring), nodes_(std::move(nodes)) {}

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
      if (nodes_) {
        text_ += ' ';
        text_ += nodes_->owner(user)->node;
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
  const std::optional<services::routing::Ring> nodes_;
  std::string text_;
};

/// The ring as the database has it, with a member at least.
std::expected<services::routing::Ring, std::string> ring_of(CommandContext& context) {
  auto state = context.storage().members().ring();
  auto ring = services::routing::Ring::parse(state.epoch, state.hash_key, std::move(state.members),
                                             state.virtual_nodes);
  if (!ring || ring->members().empty()) {
    return std::unexpected("--node: the shop has no ring of validators that run");
  }
  return *std::move(ring);
}

}  // namespace

Done mint(const Config& config, const Mint& options) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  if (options.product && !context.storage().catalog().product(options.product)) {
    return std::unexpected(fmt::format("there is no product {}; `stampede product list` shows all",
                                       options.product.value));
  }
  std::optional<services::routing::Ring> nodes;
  if (options.with_node) {
    auto found = ring_of(context);
    if (!found) return std::unexpected(found.error());
    nodes = std::move(*found);
  }
  const identity::KeyRing ring(context.keys().file());
  Minter minter(options, ring, std::move(nodes));
  Progress progress("minting", options.users.size());
  context.users().mint(context.who(), options.users.first, options.users.last,
                       [&](UserId first, const std::vector<SessionEpoch>& epochs) {
                         minter.write(first, epochs, read_clocks().wall);
                         progress.advance(static_cast<std::int64_t>(epochs.size()));
                       });
  return {};
}

}  // namespace stampede::app
