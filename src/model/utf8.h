#pragma once

#include <string_view>

namespace stampede {

/// True if `text` is UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing above
/// U+10FFFF, nothing cut short. Control characters and NUL are UTF-8 too.
bool is_utf8(std::string_view text);

}  // namespace stampede
