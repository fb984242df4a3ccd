#pragma once

namespace stampede::pictures {

/// Takes from this process, for good, what decoding does not need: it can open, connect to and
/// start nothing (seccomp: every other call fails with EPERM), and its memory and processor time
/// are bounded. Throws std::system_error where the kernel refuses.
void confine();

}  // namespace stampede::pictures
