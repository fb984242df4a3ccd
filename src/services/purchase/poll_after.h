#pragma once

#include <chrono>
#include <optional>

#include "model/catalog/sale.h"

namespace stampede::services::purchase {

/// How long a page that is told `status` of `sale` at `now` waits until it asks for the state
/// again; nullopt: it never asks again. What it waits for is told by the page's own clock as long
/// as the terms cannot change, so a page asks seldom until they are fixed, once then, and while the
/// sale is on as often as buyers want to hear that all is sold. At least 1 s. The page adds a
/// random part of its own, because many pages get the same answer from a cache.
std::optional<std::chrono::milliseconds> poll_after(const Sale& sale, SaleStatus status,
                                                    Instant now);

}  // namespace stampede::services::purchase
