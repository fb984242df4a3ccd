#include "services/live/sale_sampler.h"

#include <algorithm>
#include <utility>

namespace stampede::services::live {
namespace {

bool is_watched(const Sale& sale, Instant now) {
  return sale.started(now) && !sale.ended(now - SaleSampler::kAfterwards);
}

/// At least 1, also when the clock was set back.
std::int64_t seconds_between(Instant from, Instant to) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(to - from).count();
  return std::max<std::int64_t>(1, seconds);
}

}  // namespace

std::vector<SaleSampler::Seen> SaleSampler::tick(Now now) {
  const Totals totals = parts_.totals();
  counted_ += count_increase_.advance(totals.sources, now.tick);
  queue_depth_ = totals.queue_depth;
  const Instant second = std::chrono::floor<std::chrono::seconds>(now.wall);
  if (sampled_at_ == second) return {};

  auto all = parts_.units.recent_units(now.wall - kAfterwards);
  std::erase_if(all, [&](const auto& units) { return !is_watched(units.sale, now.wall); });
  watch(all);
  seconds_ = sampled_at_ ? seconds_between(*sampled_at_, second) : 1;
  sampled_at_ = second;
  std::vector<Seen> seen;
  for (const auto& units : all) {
    seen.push_back({units, sample_of(units)});
    note(units.sale.id, seen.back().sample);
  }
  counted_ = {};
  return seen;
}

/// Begins to watch sales that have started, with their stored samples, and stops watching sales
/// that ended more than kAfterwards ago.
void SaleSampler::watch(const std::vector<repositories::PositionByHolder>& all) {
  std::map<SaleId, Watched> begun;
  for (const auto& units : all) {
    if (watches(units.sale.id)) continue;
    SaleStatistics statistics = read_statistics(parts_.samples, units.sale);
    begun[units.sale.id].history = std::move(statistics.history);
  }
  const concurrency::MutexLock guard(mutex_);
  watched_.merge(begun);
  std::erase_if(watched_, [&](const auto& each) {
    return std::ranges::none_of(all,
                                [&](const auto& units) { return units.sale.id == each.first; });
  });
}

Sample SaleSampler::sample_of(const repositories::PositionByHolder& units) const {
  return {.at = *sampled_at_,
          .seconds = seconds_,
          .counted = counted_,
          .queue_depth = queue_depth_,
          .units = units.units(),
          .leased_by_node = units.leased_by_node};
}

/// Keeps the first and the last sample of a time in which nothing changed, so that a chart shows it
/// as a flat line.
void SaleSampler::note(SaleId sale, const Sample& sample) {
  const concurrency::MutexLock guard(mutex_);
  Watched& watched = watched_.at(sale);
  const bool quiet = watched.last && sample.quiet_since(*watched.last);
  if (!quiet) {
    if (watched.quiet) keep(sale, watched, *watched.last);
    keep(sale, watched, sample);
  }
  watched.last = sample;
  watched.quiet = quiet;
}

void SaleSampler::keep(SaleId sale, Watched& watched, const Sample& sample) {
  watched.history.add(sample);
  unsaved_.push_back({sale, sample.at, to_body(sample)});
  if (unsaved_.size() > kMostUnsaved) unsaved_.pop_front();
}

void SaleSampler::save() {
  if (unsaved_.empty()) return;
  const std::vector<repositories::StoredSample> unsaved(unsaved_.begin(), unsaved_.end());
  parts_.samples.append(unsaved);
  unsaved_.clear();
}

bool SaleSampler::watches(SaleId sale) const {
  const concurrency::MutexLock guard(mutex_);
  return watched_.contains(sale);
}

std::optional<std::vector<Sample>> SaleSampler::history(SaleId sale) const {
  const concurrency::MutexLock guard(mutex_);
  const auto watched = watched_.find(sale);
  if (watched == watched_.end()) return std::nullopt;
  return watched->second.history.samples();
}

}  // namespace stampede::services::live
