#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pictures/render.h"

// What the process that renders writes to the one that asked.
namespace stampede::pictures {

using Rendered = std::expected<std::vector<Encoded>, std::string>;

std::string to_wire(const Rendered& rendered);
/// nullopt for anything that to_wire() does not write of a result of render(): the process may have
/// been taken over by what it decoded.
std::optional<Rendered> from_wire(std::string_view bytes);

}  // namespace stampede::pictures
