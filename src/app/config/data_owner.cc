#include "app/config/data_owner.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "app/config/data_dir.h"

namespace stampede::app {
namespace {

std::string name_of(uid_t account) {
  const passwd* const known = getpwuid(account);
  return known != nullptr ? known->pw_name : fmt::format("{}", account);
}

/// The groups of the account if it is known, and the directory's: files get that one, but never
/// root's, which may reach more than the account.
bool become(uid_t account, gid_t group) {
  const passwd* const known = getpwuid(account);
  if (group == 0 && known != nullptr) group = known->pw_gid;
  const bool groups =
      known != nullptr ? initgroups(known->pw_name, group) == 0 : setgroups(1, &group) == 0;
  // Without the last one /proc/self would stay root's, by which new key files get their name.
  return groups && setresgid(group, group, group) == 0 &&
         setresuid(account, account, account) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0;
}

}  // namespace

std::string calling_account() {
  static const std::string name = name_of(getuid());
  return name;
}

void act_as_owner(const std::filesystem::path& dir) {
  calling_account();
  if (geteuid() != 0) return;
  struct stat status {};
  const auto whole = std::filesystem::absolute(dir);
  const auto named = whole.has_filename() ? whole : whole.parent_path();  // "data/"
  const bool found =
      stat(named.c_str(), &status) == 0 || stat(named.parent_path().c_str(), &status) == 0;
  if (!found || status.st_uid == 0) return;
  const std::string owner = name_of(status.st_uid);
  if (!become(status.st_uid, status.st_gid)) {
    throw DataDirError(fmt::format("{}: belongs to {}, and root cannot act as that account: {}",
                                   dir.string(), owner, std::strerror(errno)));
  }
  fmt::print(stderr, "stampede: acts as {}, to whom {} belongs\n", owner, dir.string());
}

}  // namespace stampede::app
