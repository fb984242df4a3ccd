#pragma once

#include <cstddef>

namespace stampede::concurrency {

/// How much address space the heap of a thread begins with, once keep_heaps() was called.
inline constexpr std::size_t kHeapStep = 16UL * 1024 * 1024;

/// Lets the heaps of threads that begin from now on grow in large steps and keep what they have
/// (mallopt(3)): while a thread takes memory from the kernel or gives it back, all others that do
/// the same wait, and the check of a password takes 64 MiB at once. For the whole process; to be
/// called before its threads begin.
void keep_heaps();

}  // namespace stampede::concurrency
