#pragma once

#include <string_view>

#include "http/message.h"
#include "model/idempotency_key.h"
#include "model/orders/verdict.h"

namespace stampede::controllers {

/// What /check says of an answer of the rules: the table docs/design.md#answers. `proof`: of
/// SentPurchases, where the answer is "pending".
http::Response to_response(const Answer& answer, const IdempotencyKey& intent,
                           std::string_view proof = {});

}  // namespace stampede::controllers
