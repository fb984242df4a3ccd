#pragma once

#include <chrono>

namespace stampede {

/// What is known of a sale's buyers is kept in memory for so long after the sale is over, so that a
/// late retry finds its answer (is_over(), model/catalog/sale_position.h).
inline constexpr std::chrono::hours kRetention{24};

/// Sessions that ended are told to other processes for so long: twice as long as a session lasts
/// (services/accounts/sessions.h), because the clocks of those who gave them out may have been
/// wrong.
inline constexpr std::chrono::hours kEndedSessionsTold{24};

}  // namespace stampede
