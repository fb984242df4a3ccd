#include "tests/support/servers/small_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace stampede::test_support {
namespace {

void check(int result, const char* what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

SmallDisk::SmallDisk(std::size_t bytes) {
  check(unshare(CLONE_NEWNS), "a private mount namespace (needs root)");
  check(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount --make-rprivate /");
  const std::string options = "size=" + std::to_string(bytes);
  check(mount("tmpfs", path().c_str(), "tmpfs", 0, options.c_str()), "mount tmpfs");
}

SmallDisk::~SmallDisk() { umount2(path().c_str(), MNT_DETACH); }

void SmallDisk::fill() {
  const int file =
      open((path() / "ballast").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  check(file, "open ballast");
  static constexpr std::array<char, 4096> kBlock{};
  ssize_t written = 0;
  do {
    written = write(file, kBlock.data(), kBlock.size());
  } while (written > 0);
  const bool full = errno == ENOSPC;
  close(file);
  if (!full) throw std::system_error(errno, std::generic_category(), "filling the small disk");
}

void SmallDisk::drain() { std::filesystem::remove(path() / "ballast"); }

}  // namespace stampede::test_support
