#include "app/config/data_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "identity/key_ring.h"
#include "tests/support/temp_dir.h"

namespace stampede::app {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777;
}

TEST(DataDir, IsMadeWithAllItsParentsForItsOwnerOnly) {
  const test_support::TempDir folder;
  const auto dir = folder.path() / "a" / "b";
  prepare_data_dir(dir);
  EXPECT_EQ(mode_of(dir), 0700u);
  EXPECT_EQ(mode_of(key_path(dir)), 0600u);
  const identity::KeyRing ring(key_path(dir));
}

TEST(DataDir, KeepsTheKeysItHas) {
  const test_support::TempDir folder;
  prepare_data_dir(folder.path());
  const identity::KeyRing before(key_path(folder.path()));
  const std::string sealed = before.seal(identity::Purpose::kSession, "claims");
  prepare_data_dir(folder.path());
  const identity::KeyRing after(key_path(folder.path()));
  EXPECT_EQ(after.open(identity::Purpose::kSession, sealed), "claims");
}

TEST(DataDir, WhatIsNoDirectoryIsNamed) {
  const test_support::TempDir folder;
  const auto file = folder.path() / "file";
  std::ofstream(file) << "text";
  EXPECT_THAT([&] { prepare_data_dir(file); },
              ThrowsMessage<DataDirError>(
                  AllOf(HasSubstr(file.string()), HasSubstr("is not a directory"))));
  EXPECT_THAT([&] { prepare_data_dir(file / "below"); },
              ThrowsMessage<DataDirError>(HasSubstr(file.string())));
}

TEST(DataDir, WithoutADatabaseItIsRefusedWhereOneIsNeeded) {
  const test_support::TempDir folder;
  EXPECT_THAT([&] { require_data_dir(folder.path()); },
              ThrowsMessage<DataDirError>(
                  AllOf(HasSubstr(folder.path().string()), HasSubstr("no Stampede database"))));
  std::ofstream(database_path(folder.path())) << "";
  require_data_dir(folder.path());
}

TEST(DataDirLock, IsHeldOnceAndNamesItsHolder) {
  const test_support::TempDir folder;
  {
    const DataDirLock lock(folder.path());
    EXPECT_THAT(
        [&] { const DataDirLock second(folder.path()); },
        ThrowsMessage<DataDirError>(AllOf(HasSubstr(folder.path().string()),
                                          HasSubstr("process " + std::to_string(getpid())))));
  }
  const DataDirLock again(folder.path());
}

TEST(DataDirLock, ADirectoryThatIsMissingIsNamed) {
  EXPECT_THAT([] { const DataDirLock lock("/nonexistent"); },
              ThrowsMessage<DataDirError>(HasSubstr("/nonexistent/lock")));
}

}  // namespace
}  // namespace stampede::app
