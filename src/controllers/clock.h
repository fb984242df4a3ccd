#pragma once

#include <functional>

#include "model/time.h"

namespace stampede::controllers {

/// Controllers are doors: here time enters. A test hands in its own.
using Clock = std::function<Now()>;

}  // namespace stampede::controllers
