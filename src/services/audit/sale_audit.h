#pragma once

#include "repositories/audit.h"
#include "services/audit/report.h"

namespace stampede::services::audit {

/// Checks one sale as storage has it: I1, I2 and I5. A pure function.
SaleReport audit_sale(const repositories::AuditedSale& sale);

}  // namespace stampede::services::audit
