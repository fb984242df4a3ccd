#pragma once

namespace stampede {

[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               const char* what_holds) noexcept;

}  // namespace stampede

/// Ends the process (abort) when `condition` is false, in release too, after a line on standard
/// error with the place, the condition and `what_holds`, a sentence that names the invariant. For
/// what must never be, and behind which going on would sell wrongly or corrupt memory: never for
/// what a peer, a user or a full disk can bring about. It costs one branch.
#define STAMPEDE_CHECK(condition, what_holds)             \
  (__builtin_expect(static_cast<bool>(condition), 1) != 0 \
       ? static_cast<void>(0)                             \
       : ::stampede::check_failed(__FILE__, __LINE__, #condition, what_holds))
