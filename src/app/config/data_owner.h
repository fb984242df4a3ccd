#pragma once

#include <filesystem>
#include <string>

namespace stampede::app {

/// The name of the account that started this process, or its number if it has no name. The same
/// after act_as_owner().
std::string calling_account();

/// If root runs this process and `dir` (while it is not there: the folder that it will be made in)
/// belongs to another account, the process becomes that account for good, and says so on standard
/// error. So whatever a command of root's writes (a key file, a database with its log, a backup) is
/// the shop's own, and a link that the account left in its directory leads root nowhere. For all
/// others nothing happens. To be called before any thread is made and any file is opened. Throws
/// DataDirError if the kernel does not let it.
void act_as_owner(const std::filesystem::path& dir);

}  // namespace stampede::app
