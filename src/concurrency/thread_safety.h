#pragma once

// Clang's thread-safety attributes (https://clang.llvm.org/docs/ThreadSafetyAnalysis.html), which
// say to the compiler which lock guards what. The build with Clang (`cmake --preset clang`) fails
// where one is broken; GCC knows none of them, and for it they are nothing.
#if defined(__clang__)
#define STAMPEDE_THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define STAMPEDE_THREAD_SAFETY(attribute)
#endif

// Of a class: it is a lock; it holds a lock for as long as it lives.
#define STAMPEDE_CAPABILITY(name) STAMPEDE_THREAD_SAFETY(capability(name))
#define STAMPEDE_SCOPED_CAPABILITY STAMPEDE_THREAD_SAFETY(scoped_lockable)

// Of a member: it may be used (what it points to may be used) only with the lock held.
#define STAMPEDE_GUARDED_BY(mutex) STAMPEDE_THREAD_SAFETY(guarded_by(mutex))
#define STAMPEDE_POINTER_GUARDED_BY(mutex) STAMPEDE_THREAD_SAFETY(pt_guarded_by(mutex))

// Of a function or a lambda: its caller holds the locks; its caller does not hold them.
#define STAMPEDE_REQUIRES(...) STAMPEDE_THREAD_SAFETY(requires_capability(__VA_ARGS__))
#define STAMPEDE_EXCLUDES(...) STAMPEDE_THREAD_SAFETY(locks_excluded(__VA_ARGS__))

// Of a function: it takes the locks, or takes them if it returns `result`; it gives them back.
#define STAMPEDE_ACQUIRE(...) STAMPEDE_THREAD_SAFETY(acquire_capability(__VA_ARGS__))
#define STAMPEDE_TRY_ACQUIRE(...) STAMPEDE_THREAD_SAFETY(try_acquire_capability(__VA_ARGS__))
#define STAMPEDE_RELEASE(...) STAMPEDE_THREAD_SAFETY(release_capability(__VA_ARGS__))

// Of a function whose locking the analysis cannot follow; a comment says why it is right.
#define STAMPEDE_NO_THREAD_SAFETY_ANALYSIS STAMPEDE_THREAD_SAFETY(no_thread_safety_analysis)
