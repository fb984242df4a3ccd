#include "app/config/secret_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace stampede::app {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SecretFileTest : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& text, mode_t mode = 0600) const {
    const auto path = folder_.path() / "secret";
    std::ofstream(path, std::ios::trunc) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }

  const test_support::TempDir folder_;
};

TEST_F(SecretFileTest, IsTheOneLineOfTheFile) {
  for (const char* text : {"s3cret", "s3cret\n", "  s3cret \r\n\n"}) {
    EXPECT_EQ(read_secret_file(file(text)).value(), "s3cret");
  }
  EXPECT_TRUE(read_secret_file(file("s", 0400)));
  EXPECT_TRUE(read_secret_file(file(std::string(1024, 's'))));
}

TEST_F(SecretFileTest, IsItsOwnersAlone) {
  for (const mode_t mode : {0640, 0604, 0660, 0610}) {
    const auto secret = read_secret_file(file("s3cret", mode));
    ASSERT_FALSE(secret);
    EXPECT_THAT(secret.error(), AllOf(HasSubstr("secret: has mode 06"), HasSubstr("0600"),
                                      Not(HasSubstr("s3cret"))));
  }
}

TEST_F(SecretFileTest, WhatIsNoSecretIsRefusedAndNotShown) {
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string("two words"), std::string("two\nlines"),
        std::string("a\0b", 3), std::string("\xc3\xa9"), std::string(1025, 's')}) {
    const auto secret = read_secret_file(file(text));
    ASSERT_FALSE(secret);
    EXPECT_THAT(secret.error(), HasSubstr("secret: holds no secret; expected one line"));
    EXPECT_THAT(secret.error(), Not(HasSubstr("two")));
  }
}

TEST_F(SecretFileTest, WhatIsNoFileIsNamed) {
  EXPECT_THAT(read_secret_file(folder_.path() / "none").error(),
              HasSubstr("none: cannot be opened: No such file"));
  EXPECT_THAT(read_secret_file(folder_.path()).error(), HasSubstr("is not a regular file"));
  const auto fifo = folder_.path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(read_secret_file(fifo).error(), HasSubstr("is not a regular file"));
}

}  // namespace
}  // namespace stampede::app
