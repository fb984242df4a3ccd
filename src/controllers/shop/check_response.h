#pragma once

#include "http/message.h"
#include "model/idempotency_key.h"
#include "model/verdict.h"

namespace stampede::controllers {

/// What /check says of an answer of the rules: the table docs/design.md#answers.
http::Response to_response(const Answer& answer, const IdempotencyKey& intent);

}  // namespace stampede::controllers
