#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "app/config/config.h"

namespace stampede::app {

/// A part that a process of this program can play: `stampede web` and so on (docs/design.md#roles).
enum class RoleName : std::uint8_t { kServe, kWeb, kValidate, kQuantity, kConsume, kAdmin };

std::string_view to_string(RoleName role);
/// nullopt for anything but "serve", "web", "validate", "quantity", "consume", "admin".
std::optional<RoleName> role_named(std::string_view name);

/// The configuration as `role` runs on it: where http.listen and http.console are empty they become
/// the role's own addresses (a role that listens nowhere but at its console has none). Otherwise
/// every reason at once why the role must not start with it: what a cluster cannot do without is
/// missing, a default secret would leave the machine, two listeners share an address, the secret of
/// the checkout cannot be read (payment.secret_file, which this reads into
/// Config::Payment::secret).
std::expected<LoadedConfig, ConfigErrors> config_for(RoleName role, LoadedConfig loaded);

}  // namespace stampede::app
