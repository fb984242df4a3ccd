#pragma once

#include <chrono>

namespace stampede::concurrency {

/// The slice of threads that stand back: longer than that of other threads, which is at most 2.8 ms
/// (Linux, EEVDF: 0.7 ms, and as much for each doubling of up to eight processors), and not much
/// longer, because the longer it is, the longer such a thread waits for a processor that is busy.
inline constexpr std::chrono::milliseconds kLongSlice{5};

/// Lets the calling thread stand back behind the others of the machine: adds `steps`, 0 to 19, to
/// its niceness, up to 19, and gives it kLongSlice. Of two threads that Linux 6.12 and later has
/// for one processor, the one with the shorter slice takes it when it wakes up; it would wait for
/// the other's slice or for a tick else, 4 ms as a rule (I. Stoica and H. Abdel-Wahab, Earliest
/// Eligible Virtual Deadline First, 1995). Older kernels ignore the slice. Linux keeps both for
/// each thread. Without the right to set them the thread goes on as it was.
void stand_back(int steps);

}  // namespace stampede::concurrency
