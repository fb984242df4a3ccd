#pragma once

#include <cstddef>
#include <string_view>

namespace stampede {

/// True if `text` is UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing above
/// U+10FFFF, nothing cut short. Control characters and NUL are UTF-8 too.
bool is_utf8(std::string_view text);

/// The first `count` characters of UTF-8, or fewer if there are no more; none is cut in two.
std::string_view first_characters(std::string_view text, std::size_t count);

}  // namespace stampede
