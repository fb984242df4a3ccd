#include "pictures/apart/confine.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>
#include <vector>

namespace stampede::pictures {
namespace {

#if defined(__x86_64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the system calls of this architecture are not known here"
#endif

/// Memory, the two ends of the pipe, and the end.
constexpr std::array kNeeded = {
    SYS_read,     SYS_write,  SYS_brk,   SYS_mmap,       SYS_munmap,       SYS_mremap,
    SYS_madvise,  SYS_futex,  SYS_exit,  SYS_exit_group, SYS_rt_sigreturn, SYS_rt_sigprocmask,
    SYS_mprotect, SYS_gettid, SYS_fstat, SYS_newfstatat, SYS_getrandom,    SYS_sched_yield};

[[maybe_unused]] void limit(__rlimit_resource_t resource, rlim_t most) {
  const rlimit limits{most, most};
  if (setrlimit(resource, &limits) != 0) {
    throw std::system_error(errno, std::generic_category(), "setrlimit");
  }
}

constexpr sock_filter statement(unsigned short code, unsigned value) {
  return {.code = code, .jt = 0, .jf = 0, .k = value};
}
constexpr sock_filter jump_if_equal(unsigned value, std::size_t then, std::size_t otherwise) {
  return {.code = BPF_JMP | BPF_JEQ | BPF_K,
          .jt = static_cast<unsigned char>(then),
          .jf = static_cast<unsigned char>(otherwise),
          .k = value};
}

/// Allows kNeeded, and answers EPERM to all else.
[[maybe_unused]] std::vector<sock_filter> filter() {
  constexpr unsigned short kLoad = BPF_LD | BPF_W | BPF_ABS;
  constexpr unsigned short kReturn = BPF_RET | BPF_K;
  std::vector<sock_filter> program{
      statement(kLoad, offsetof(seccomp_data, arch)), jump_if_equal(kArchitecture, 1, 0),
      statement(kReturn, SECCOMP_RET_KILL_PROCESS), statement(kLoad, offsetof(seccomp_data, nr))};
  for (std::size_t i = 0; i < kNeeded.size(); ++i) {
    program.push_back(jump_if_equal(static_cast<unsigned>(kNeeded[i]), kNeeded.size() - i, 0));
  }
  program.push_back(statement(kReturn, SECCOMP_RET_ERRNO | EPERM));
  program.push_back(statement(kReturn, SECCOMP_RET_ALLOW));
  return program;
}

}  // namespace

void confine() {
#ifndef STAMPEDE_FOREIGN_ALLOCATOR  // a sanitizer maps terabytes, and asks for more calls
  constexpr rlim_t kMemory = 1UL << 30;
  constexpr rlim_t kProcessorSeconds = 20;
  limit(RLIMIT_AS, kMemory);
  limit(RLIMIT_CPU, kProcessorSeconds);
  limit(RLIMIT_CORE, 0);
  std::vector<sock_filter> program = filter();
  const sock_fprog whole{static_cast<unsigned short>(program.size()), program.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole) != 0) {
    throw std::system_error(errno, std::generic_category(), "prctl");
  }
#endif
}

}  // namespace stampede::pictures
