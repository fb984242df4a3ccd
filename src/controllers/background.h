#pragma once

#include <functional>

#include "concurrency/fair_pool.h"
#include "concurrency/slow_refusals.h"
#include "concurrency/worker_pool.h"
#include "http/server/handlers/responder.h"

namespace stampede::controllers {

/// Runs `work`, which may block, on `pool` and answers with what it returns. 503 `unavailable` when
/// the pool's queue is full or the work throws (it is logged): both decided nothing. The request
/// stays valid for `work`.
void answer_from(concurrency::WorkerPool& pool, http::Responder responder,
                 std::move_only_function<http::Response()> work);

/// The same when the turn of `path` has come. Where the pool refuses the work, or it makes room for
/// another's, `refusals` tells the 503.
void answer_from(concurrency::FairPool& pool, concurrency::SlowRefusals& refusals,
                 concurrency::FairQueue::Path path, http::Responder responder,
                 std::move_only_function<http::Response()> work);

/// problem 503 `unavailable` with Retry-After
http::Response unavailable();

}  // namespace stampede::controllers
