#pragma once

#include "repositories/audit.h"
#include "services/audit/report.h"

namespace stampede::services::audit {

/// Checks one sale's books as storage has them: I1, I2 and I5. A pure function.
SaleReport audit_ledger(const repositories::SaleLedger& ledger);

}  // namespace stampede::services::audit
