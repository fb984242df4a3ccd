#include "services/live/meter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <unordered_map>

namespace stampede::services::live {
namespace {

constexpr std::chrono::hours kRemembered{1};

/// Where the counter of that name is kept.
using Slots = std::unordered_map<std::string, std::function<std::int64_t&(Counted&)>>;

Slots make_slots() {
  Slots slots;
  for (std::size_t kind = 0; kind < kVerdictCount; ++kind) {
    slots.emplace(
        fmt::format("stampede_check_answers_total{{verdict=\"{}\"}}", kind_name(kind)),
        [kind](Counted & counted) -> auto& { return counted.answers[kind]; });
  }
  slots.emplace(
      "stampede_check_refused_total",
      [](Counted & counted) -> auto& { return counted.answers[kVerdictCount]; });
  for (std::size_t bucket = 0; bucket < std::tuple_size_v<Waits>; ++bucket) {
    slots.emplace(
        fmt::format("stampede_purchase_seconds_bucket{{le=\"{}\"}}",
                    telemetry::bucket_bound(bucket)),
        [bucket](Counted & counted) -> auto& { return counted.waits[bucket]; });
  }
  return slots;
}

/// nullopt for a source that has told nothing yet.
std::optional<Counted> totals_of(const Source& source) {
  static const Slots slots = make_slots();
  Counted totals;
  bool told = false;
  for (const auto& [name, value] : source.counters) {
    const auto slot = slots.find(name);
    if (slot == slots.end()) continue;
    slot->second(totals) = std::llround(value);
    told = true;
  }
  if (!told) return std::nullopt;
  // Each bucket counts those below it too, as Prometheus has it.
  for (std::size_t i = totals.waits.size() - 1; i > 0; --i) {
    totals.waits[i] = std::max<std::int64_t>(0, totals.waits[i] - totals.waits[i - 1]);
  }
  return totals;
}

template <std::size_t n>
bool any_fell(const std::array<std::int64_t, n>& from, const std::array<std::int64_t, n>& to) {
  return !std::ranges::equal(from, to, std::less_equal{});
}

Counted difference(const Counted& from, Counted to) {
  if (any_fell(from.answers, to.answers) || any_fell(from.waits, to.waits)) return to;
  std::ranges::transform(to.answers, from.answers, to.answers.begin(), std::minus{});
  std::ranges::transform(to.waits, from.waits, to.waits.begin(), std::minus{});
  return to;
}

}  // namespace

Counted Meter::advance(const std::vector<Source>& sources, Tick now) {
  Counted counted;
  for (const Source& source : sources) {
    const auto totals = totals_of(source);
    if (!totals) continue;
    const auto [place, first] = places_.try_emplace(source.id, Place{*totals, now});
    if (!first) counted += difference(place->second.totals, *totals);
    place->second = {*totals, now};
  }
  std::erase_if(places_, [&](const auto& each) { return now - each.second.seen > kRemembered; });
  return counted;
}

}  // namespace stampede::services::live
