#include "services/accounts/credentials.h"

#include <gtest/gtest.h>

namespace stampede::services::accounts {
namespace {

TEST(Credentials, NamesHaveTheirAlphabetAndLength) {
  for (const char* name : {"abc", "A.b_c-9", "...", "0123456789abcdef0123456789ABCDEF"}) {
    EXPECT_TRUE(is_name(name)) << name;
  }
  for (const char* name :
       {"", "ab", "0123456789abcdef0123456789abcdef0", "a b", "a'b", "<b>", "größe", "abc\n"}) {
    EXPECT_FALSE(is_name(name)) << name;
  }
  EXPECT_FALSE(is_name(std::string_view("ab\0c", 4)));
}

TEST(Credentials, PasswordsAreEightTo128BytesOfUtf8) {
  EXPECT_TRUE(is_password("12345678"));
  EXPECT_TRUE(is_password("größe 👟"));
  EXPECT_TRUE(is_password(std::string(128, 'p')));
  EXPECT_FALSE(is_password("1234567"));
  EXPECT_FALSE(is_password(std::string(129, 'p')));
  EXPECT_FALSE(is_password("1234567\xFF"));
  EXPECT_FALSE(is_password("1234567\xC3"));
}

TEST(Credentials, FoldOnlyAsciiCase) {
  EXPECT_EQ(fold_case("A.Bz_-09"), "a.bz_-09");
  EXPECT_EQ(fold_case("Ä"), "Ä");
}

}  // namespace
}  // namespace stampede::services::accounts
