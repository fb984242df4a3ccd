#pragma once

#include <cstdint>
#include <vector>

#include "repositories/audit.h"
#include "services/audit/answer_log.h"
#include "services/audit/report.h"

namespace stampede::services::audit {

/// Compares what clients were told with the orders in storage: I3, I4, I6 of one sale. `answers`
/// were written before `sale` was read, so that every yes among them must be in it. `demand`:
/// how many different wants the clients had in all.
std::vector<Finding> audit_answers(const repositories::AuditedSale& audited,
                                   repositories::Audit& storage, AnswerLog& answers,
                                   std::int64_t demand);

}  // namespace stampede::services::audit
