#pragma once

#include <fmt/format.h>

#include <string>

#include "model/ids.h"

namespace stampede::controllers {

/// Where the buyer of a held order pays it (OrdersController).
inline std::string pay_path(OrderNumber number) {
  return fmt::format("/orders/{}/pay", number.value);
}

}  // namespace stampede::controllers
