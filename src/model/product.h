#pragma once

#include <string>

#include "model/ids.h"
#include "model/time.h"

namespace stampede {

struct Product {
  ProductId id;
  std::string name;         // 1 to 200 bytes of valid UTF-8
  std::string description;  // at most 10,000 bytes of valid UTF-8
  Instant created_at;
};

}  // namespace stampede
