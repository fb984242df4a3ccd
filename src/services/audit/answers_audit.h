#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "repositories/audit.h"
#include "services/audit/answer_log.h"
#include "services/audit/report.h"

namespace stampede::services::audit {

/// Compares what clients were told with the orders in storage: I3, I4, I6 of one sale. `answers`
/// were written before `audited` was read, so that every yes among them must be in storage: in this
/// sale, or in one of `others` of its product, where the key was an order already. `demand`: how
/// many different intents the clients had in all.
std::vector<Finding> audit_answers(const repositories::AuditedSale& audited,
                                   std::span<const SaleId> others, repositories::Audit& storage,
                                   AnswerLog& answers, std::int64_t demand);

}  // namespace stampede::services::audit
