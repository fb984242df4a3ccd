#pragma once

#include <expected>
#include <string>

#include "services/audit/journal.h"

namespace stampede::services::operations {

using audit::Operator;

/// What a change came to, or why not: a sentence that names what was wrong and what was expected,
/// or an error that has one and that the caller may have to tell from others.
template <class Result, class Error = std::string>
using Outcome = std::expected<Result, Error>;

}  // namespace stampede::services::operations
