#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

#include "tests/support/eventually.h"
#include "tests/support/servers/child.h"
#include "tests/support/shop.h"
#include "tests/support/temp_dir.h"

namespace stampede::test_support {

/// Holds the database's write lock for as long as it lives, so that nothing is committed.
class DatabaseLock {
 public:
  explicit DatabaseLock(const Shop& shop)
      : pipe_(make_pipe(folder_)),
        sqlite_({"sh", "-c", "exec sqlite3 \"$0\" <\"$1\"", (shop.data() / "stampede.db").string(),
                 pipe_}),
        commands_(open(pipe_.c_str(), O_WRONLY | O_CLOEXEC)) {
    const std::string text = ".timeout 60000\nBEGIN IMMEDIATE;\n.shell echo locked\n";
    if (write(commands_, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        sqlite_.read_line(kPatience) != "locked") {
      throw std::runtime_error("no lock: " + sqlite_.standard_error());
    }
  }
  DatabaseLock(const DatabaseLock&) = delete;
  DatabaseLock& operator=(const DatabaseLock&) = delete;
  ~DatabaseLock() {
    close(commands_);  // at the end of its input sqlite3 rolls back
    sqlite_.wait(kPatience);
  }

 private:
  static std::string make_pipe(const TempDir& folder) {
    std::string path = (folder.path() / "commands").string();
    if (mkfifo(path.c_str(), 0600) != 0) {
      throw std::system_error(errno, std::generic_category(), "mkfifo " + path);
    }
    return path;
  }

  TempDir folder_;
  std::string pipe_;
  Child sqlite_;
  int commands_;
};

}  // namespace stampede::test_support
