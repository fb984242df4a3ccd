#pragma once

#include <chrono>

// How long one role waits for another's answer; the simulation waits as long.
namespace stampede::peers {

/// For each process of quantity control that is asked: shorter than a lease, so that the next one
/// is asked in time.
inline constexpr std::chrono::milliseconds kQuantityTimeout{1'500};
/// For the owner of a buyer whose purchase was passed on: longer than an owner lets a buyer wait,
/// shorter than a proxy waits for a validator (deploy/haproxy.cfg). A buyer whose owner does not
/// answer is told so by the validator that passed the purchase on.
inline constexpr std::chrono::milliseconds kForwardTimeout{1'600};

}  // namespace stampede::peers
