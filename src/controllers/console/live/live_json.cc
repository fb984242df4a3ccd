#include "controllers/console/live/live_json.h"

#include <boost/json.hpp>
#include <utility>

namespace stampede::controllers {
namespace {

namespace json = boost::json;
using services::live::quantile;
using services::live::Sample;

json::value or_null(std::optional<std::int64_t> number) {
  return number ? json::value(*number) : json::value();
}

json::object to_json(const LeasedByNode& leased) {
  return {{"validator", leased.node},
          {"state", to_string(leased.state)},
          {"granted", leased.granted},
          {"sold", leased.sold},
          {"unsold", leased.unsold()}};
}

json::object answers_of(const decltype(CheckCounts::answers)& answers) {
  json::object object;
  for (std::size_t kind = 0; kind < answers.size(); ++kind) {
    if (answers[kind] != 0) object[CheckCounts::kind_name(kind)] = answers[kind];
  }
  return object;
}

template <class Value>
json::array column(const std::vector<Sample>& samples, Value value) {
  json::array array;
  array.reserve(samples.size());
  for (const Sample& sample : samples) array.emplace_back(value(sample));
  return array;
}

json::array quantiles(const std::vector<Sample>& samples, double part) {
  return column(
      samples, [&](const Sample& sample) { return or_null(quantile(sample.counted.waits, part)); });
}

/// Kinds of which there was none have no column.
json::object answer_columns(const std::vector<Sample>& samples) {
  json::object columns;
  for (std::size_t kind = 0; kind < CheckCounts::kKinds; ++kind) {
    const auto count = [&](const Sample& sample) { return sample.counted.answers[kind]; };
    if (std::ranges::none_of(samples, count)) continue;
    columns[CheckCounts::kind_name(kind)] = column(samples, count);
  }
  return columns;
}

std::string columns(const std::vector<Sample>& samples) {
  const auto seconds_since_1970 = [](const Sample& sample) {
    return std::chrono::floor<std::chrono::seconds>(sample.at).time_since_epoch().count();
  };
  return json::serialize(json::object{
      {"at", column(samples, seconds_since_1970)},
      {"seconds", column(samples, [](const Sample& sample) { return sample.seconds; })},
      {"attempts", column(samples, [](const Sample& s) { return s.counted.attempts(); })},
      {"answers", answer_columns(samples)},
      {"queue", column(samples, [](const Sample& s) { return or_null(s.queue_depth); })},
      {"p50", quantiles(samples, 0.50)},
      {"p95", quantiles(samples, 0.95)},
      {"p99", quantiles(samples, 0.99)},
      {"sold", column(samples, [](const Sample& sample) { return sample.units.sold; })},
      {"failed", column(samples, [](const Sample& sample) { return sample.units.failed; })}});
}

}  // namespace

json::object to_json(const repositories::PositionByHolder& units) {
  json::array leased;
  for (const auto& each : units.leased_by_node) leased.push_back(to_json(each));
  return {{"sale", units.sale.id.value},     {"quantity", units.sale.quantity},
          {"unleased", units.sale.unleased}, {"leased", std::move(leased)},
          {"leased_unsold", units.leased},   {"sold", units.sold},
          {"failed", units.failed},          {"balanced", units.balanced()}};
}

json::object to_json(const services::live::SaleSampler::Seen& seen) {
  const Sample& sample = seen.sample;
  const auto wait = [&](double part) { return or_null(quantile(sample.counted.waits, part)); };
  return {{"at", format_rfc3339(sample.at)},
          {"seconds", sample.seconds},
          {"attempts", sample.counted.attempts()},
          {"answers", answers_of(sample.counted.answers)},
          {"queue", or_null(sample.queue_depth)},
          {"p50", wait(0.50)},
          {"p95", wait(0.95)},
          {"p99", wait(0.99)},
          {"units", to_json(seen.units)}};
}

std::string history_json(std::vector<Sample> samples, std::size_t most_bytes) {
  std::string text = columns(samples);
  while (text.size() > most_bytes && samples.size() > 1) {
    services::live::SampleHistory fewer(samples.size() / 2);
    for (const Sample& sample : samples) fewer.add(sample);
    samples = fewer.samples();
    text = columns(samples);
  }
  return text;
}

}  // namespace stampede::controllers
