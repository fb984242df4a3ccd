// What the process that decodes pictures answers (pictures/apart/wire.h): a picture may have taken
// it over.
#include "model/text/plain_text.h"
#include "pictures/apart/wire.h"
#include "tests/fuzz/fuzz.h"

namespace stampede::fuzz {

bool accepts(std::string_view bytes) {
  const auto rendered = pictures::from_wire(bytes);
  if (!rendered) return false;
  require(pictures::to_wire(*rendered) == bytes, "no two answers have one meaning");
  if (!*rendered) {
    require(!find_control(rendered->error()), "a refusal is plain text");
    return true;
  }
  for (const pictures::Encoded& file : **rendered) {
    require(file.width >= 1 && file.width <= pictures::kSizes.front(), "a width that is drawn");
    require(file.height >= 1 && file.height <= pictures::kSizes.front(), "a height that is drawn");
    require(!file.bytes.empty(), "a file has bytes");
  }
  return true;
}

}  // namespace stampede::fuzz
