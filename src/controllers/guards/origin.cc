#include "controllers/guards/origin.h"

namespace stampede::controllers {

bool OriginRule::allows(const http::Request& request) const {
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return true;
  return configured_ ? origin == *configured_ : origin == request.own_origin();
}

http::Response bad_origin() {
  return http::problem(403, "bad-origin", "This request came from a page of another site.");
}

}  // namespace stampede::controllers
