#pragma once

#include <memory>
#include <string>

#include "model/orders/verdict.h"
#include "model/user.h"
#include "tests/simulation/engine/network.h"

namespace stampede::simulation {

/// One request to `/check`.
struct Check {
  UserId buyer;
  ProductId product;
  IdempotencyKey key;
  SaleId sale;               // that the buyer means; none: the current one
  std::string cookie = {};   // empty: cookies are not looked at in this world
  SessionEpoch session = 0;  // of the cookie
  int rotations = 0;         // of the keys that have sealed it
  /// Lives as long as anybody may still act on the request.
  std::shared_ptr<const void> alive = {};
};

/// A process that buyers send `/check` to.
class CheckServer {
 public:
  virtual ~CheckServer() = default;

  virtual Process& process() = 0;
  /// A request of a buyer, in this process.
  virtual void check(const Check& check, const Network::Answer<Answer>& answer) = 0;
};

}  // namespace stampede::simulation
