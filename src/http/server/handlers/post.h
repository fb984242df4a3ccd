#pragma once

#include <functional>

namespace stampede::http {

/// Runs a task on one thread of the server, in order. Thread-safe; outlives every Responder. A task
/// that comes after the server's end is destroyed without running.
using Post = std::function<void(std::move_only_function<void()>)>;

}  // namespace stampede::http
