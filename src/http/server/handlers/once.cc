#include "http/server/handlers/once.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "http/host_prefix.h"
#include "http/text.h"

namespace stampede::http {
namespace {

void add(std::vector<std::string_view>& all, std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    if (std::ranges::find(all, name) == all.end()) all.push_back(name);
  }
}

/// Which of some names were met; at most 32 of them.
class Met {
 public:
  /// True the second time.
  bool again(std::size_t index) {
    const std::uint32_t bit = std::uint32_t{1} << index;
    const bool before = (met_ & bit) != 0;
    met_ |= bit;
    return before;
  }

 private:
  std::uint32_t met_ = 0;
};

Response doubled(std::string_view type, std::string_view what, std::string_view name,
                 std::string_view advice) {
  return problem(400, type,
                 fmt::format("The {} “{}” came twice; expected it once.{}", what, name, advice));
}

struct MetCookies {
  Met plain;
  Met of_host;  // with the prefix
};

/// The name of the first cookie of ours in `cookies` that was met before; empty if there is none.
std::string_view met_before(std::string_view cookies, std::span<const std::string_view> ours,
                            MetCookies& met) {
  while (!cookies.empty()) {
    std::string_view pair = trimmed(cut_front(cookies, ';'));
    const std::string_view name = cut_front(pair, '=');
    const bool of_host = name.starts_with(kHostPrefix);
    const auto found = std::ranges::find(ours, of_host ? name.substr(kHostPrefix.size()) : name);
    if (found == ours.end()) continue;
    Met& seen = of_host ? met.of_host : met.plain;
    if (seen.again(static_cast<std::size_t>(found - ours.begin()))) return name;
  }
  return {};
}

}  // namespace

void Once::headers(std::span<const std::string_view> names) { add(headers_, names); }

void Once::cookies(std::span<const std::string_view> names) { add(cookies_, names); }

std::optional<Response> Once::refuse(const Request& request) const {
  Met headers;
  MetCookies cookies;
  for (const auto& [name, value] : request.headers) {
    if (same_name(name, "cookie")) {
      const std::string_view twice = met_before(value, cookies_, cookies);
      if (twice.empty()) continue;
      return doubled("doubled-cookie", "cookie", twice,
                     " Delete the cookies of this site, then log in again.");
    }
    const auto found = std::ranges::find_if(
        headers_, [&](std::string_view ours) { return same_name(ours, name); });
    if (found == headers_.end()) continue;
    if (headers.again(static_cast<std::size_t>(found - headers_.begin()))) {
      return doubled("doubled-header", "header", *found, "");
    }
  }
  return std::nullopt;
}

}  // namespace stampede::http
