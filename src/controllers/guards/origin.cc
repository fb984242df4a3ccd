#include "controllers/guards/origin.h"

namespace stampede::controllers {

bool OriginRule::allows(const http::Request& request) const {
  const std::string_view origin = request.header("origin");
  if (origin.empty()) return true;
  return origin == origin_for(request);
}

bool is_from_another_site(const http::Request& request) {
  const std::string_view site = request.header("sec-fetch-site");
  return !site.empty() && site != "same-origin" && site != "none";
}

http::Response bad_origin() {
  return http::problem(403, "bad-origin", "This request came from a page of another site.");
}

}  // namespace stampede::controllers
