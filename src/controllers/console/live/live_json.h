#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "services/live/sale_sampler.h"

namespace stampede::controllers {

/// {sale, quantity, unleased, leased: [{validator, state, granted, sold, unsold}], leased_unsold,
/// sold, failed, balanced}
boost::json::object to_json(const repositories::PositionByHolder& units);

/// {at, seconds, attempts, answers: {kind: count}, queue, p50, p95, p99, units}; p50 to p99 in
/// microseconds. What is not known is null.
boost::json::object to_json(const services::live::SaleSampler::Seen& seen);

/// The same by columns: {at: [Unix seconds], seconds, attempts, answers: {kind: []}, queue, p50,
/// p95, p99, sold, failed}. Of so few samples that the text is at most `most_bytes` long.
std::string history_json(std::vector<services::live::Sample> samples, std::size_t most_bytes);

}  // namespace stampede::controllers
