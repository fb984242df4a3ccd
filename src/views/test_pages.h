#pragma once

#include <gmock/gmock.h>

#include <string>
#include <string_view>
#include <vector>

/// What the tests of pages share. Only tests include this.
namespace stampede::views::testing {

/// A text that would be a script in a page that does not escape it, and the same escaped.
inline constexpr const char* kScript = "<script>alert('x')</script>\"&";
inline constexpr const char* kEscaped =
    "&lt;script&gt;alert(&apos;x&apos;)&lt;/script&gt;&quot;&amp;";

inline std::string asset_url(std::string_view path) { return "/static/" + std::string(path); }

/// Expects that each of these pages, made with kScript for every text, shows it as text and has
/// nothing inline.
inline void expect_escaped(const std::vector<std::string>& pages) {
  for (const std::string& html : pages) {
    EXPECT_THAT(html, ::testing::HasSubstr(kEscaped));
    EXPECT_THAT(html, ::testing::Not(::testing::HasSubstr("alert('x')")));
    EXPECT_THAT(html, ::testing::Not(::testing::HasSubstr(" style=")));
  }
}

}  // namespace stampede::views::testing
