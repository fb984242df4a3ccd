#pragma once

#include <expected>
#include <string>

#include "services/audit/journal.h"

namespace stampede::services::operations {

using audit::Operator;

/// What a change came to, or a sentence that names what was wrong and what was expected.
template <class Result>
using Outcome = std::expected<Result, std::string>;

}  // namespace stampede::services::operations
