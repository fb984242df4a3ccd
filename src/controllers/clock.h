#pragma once

#include <functional>

#include "model/time.h"

namespace stampede::controllers {

/// Controllers read the clocks and pass `now` down. A test passes a clock of its own.
using Clock = std::function<Now()>;

}  // namespace stampede::controllers
