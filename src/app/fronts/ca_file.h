#pragma once

#include <filesystem>
#include <string_view>

#include "app/config/config.h"

namespace stampede::app {

/// Why a file with the authorities that a service is trusted by cannot be used; nothing if it can,
/// or none is given. `key` names it.
ConfigErrors ca_file_errors(std::string_view key, const std::filesystem::path& file);

}  // namespace stampede::app
