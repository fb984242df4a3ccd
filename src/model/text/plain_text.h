#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// Texts that people read, on a page or in a terminal. What steers the reader instead of being read
// is refused where a text comes in, and made visible where one goes to a terminal all the same.
namespace stampede {

/// A character that steers: a control character (Unicode's general category Cc: U+0000 to U+001F,
/// U+007F to U+009F), a line or paragraph separator (U+2028, U+2029), or one of the characters with
/// the property Bidi_Control (UAX #9, section 2: U+061C, U+200E, U+200F, U+202A to U+202E, U+2066
/// to U+2069), by which a text is shown in another order than it is stored.
struct ControlCharacter {
  std::size_t at = 0;  // bytes before it
  char32_t code_point = 0;
};

/// The first one in `text`, besides those of ASCII that are `allowed`; nullopt: there is none.
/// Bytes that are not UTF-8 are passed over.
std::optional<ControlCharacter> find_control(std::string_view text, std::string_view allowed = {});

/// What is wrong with a text from outside, which is to be UTF-8 of at most `longest` bytes without
/// characters that steer, besides those of ASCII that are `allowed`; in words, with what is
/// expected instead. nullopt: nothing.
std::optional<std::string> problem_of(std::string_view text, std::size_t longest,
                                      std::string_view allowed = {});

/// For an error: "U+202E (right-to-left override) at byte 3".
std::string describe(const ControlCharacter& found);

/// The same text with `\u{202e}` in the place of each such character (`\n`, `\r`, `\t` for these),
/// and `\x{ff}` in the place of each byte that is not UTF-8.
std::string visible(std::string_view text, std::string_view allowed = {});

/// The same in quotation marks, for an error: those of the text, and its backslashes, have a
/// backslash before them. For what fmt's {:?} does, which ends the process over a text that is a
/// part of a character (fmt 9.1).
std::string in_quotes(std::string_view text);

}  // namespace stampede
