#pragma once

/// STAMPEDE_SANITIZED: whether a sanitizer watches memory or threads.
#if defined(__has_feature)
#define STAMPEDE_SANITIZED                                                \
  (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
   __has_feature(memory_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STAMPEDE_SANITIZED 1
#else
#define STAMPEDE_SANITIZED 0
#endif
