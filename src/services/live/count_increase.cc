#include "services/live/count_increase.h"

#include <algorithm>
#include <functional>

namespace stampede::services::live {
namespace {

constexpr std::chrono::hours kRemembered{1};

template <std::size_t n>
bool any_fell(const std::array<std::int64_t, n>& from, const std::array<std::int64_t, n>& to) {
  return !std::ranges::equal(from, to, std::less_equal{});
}

CheckCounts difference(const CheckCounts& from, CheckCounts to) {
  if (any_fell(from.answers, to.answers) || any_fell(from.waits, to.waits)) return to;
  std::ranges::transform(to.answers, from.answers, to.answers.begin(), std::minus{});
  std::ranges::transform(to.waits, from.waits, to.waits.begin(), std::minus{});
  return to;
}

}  // namespace

CheckCounts CountIncrease::advance(const std::vector<Source>& sources, Tick now) {
  CheckCounts counted;
  for (const auto& [id, totals] : sources) {
    if (!totals) continue;
    const auto [place, first] = places_.try_emplace(id, Place{*totals, now});
    if (!first) counted += difference(place->second.totals, *totals);
    place->second = {*totals, now};
  }
  std::erase_if(places_, [&](const auto& each) { return now - each.second.seen > kRemembered; });
  return counted;
}

}  // namespace stampede::services::live
