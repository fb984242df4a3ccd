#include <fmt/format.h>

#include <boost/json.hpp>
#include <stdexcept>

#include "services/live/sample.h"

namespace stampede::services::live {
namespace {

namespace json = boost::json;

/// Each is at most 100 bytes of JSON.
constexpr std::size_t kMostNodes = 60;

constexpr std::array kStates{LeaseState::kOpen, LeaseState::kFenced};

json::object answers_of(const decltype(CheckCounts::answers)& answers) {
  json::object object;
  for (std::size_t kind = 0; kind < CheckCounts::kKinds; ++kind) {
    if (answers[kind] != 0) object[CheckCounts::kind_name(kind)] = answers[kind];
  }
  return object;
}

decltype(CheckCounts::answers) answers_of(const json::object& object) {
  decltype(CheckCounts::answers) answers{};
  for (std::size_t kind = 0; kind < CheckCounts::kKinds; ++kind) {
    if (const auto* count = object.if_contains(CheckCounts::kind_name(kind)))
      answers[kind] = count->as_int64();
  }
  return answers;
}

/// [bucket, count, bucket, count ...]: few of the buckets are ever in use.
json::array waits_of(const Waits& waits) {
  json::array array;
  for (std::size_t bucket = 0; bucket < waits.size(); ++bucket) {
    if (waits[bucket] == 0) continue;
    array.push_back(static_cast<std::int64_t>(bucket));
    array.push_back(waits[bucket]);
  }
  return array;
}

Waits waits_of(const json::array& array) {
  Waits waits{};
  for (std::size_t i = 0; i < array.size(); i += 2) {
    waits.at(static_cast<std::size_t>(array[i].as_int64())) = array.at(i + 1).as_int64();
  }
  return waits;
}

json::array array_of(const std::vector<LeasedByNode>& leased_by_node) {
  json::array array;
  if (leased_by_node.size() > kMostNodes) return array;
  for (const auto& [node, state, granted, sold] : leased_by_node) {
    array.push_back(json::array{node, to_string(state), granted, sold});
  }
  return array;
}

LeasedByNode leased_of(const json::array& array) {
  const json::string& word = array.at(1).as_string();
  const auto state =
      std::ranges::find_if(kStates, [&](LeaseState each) { return to_string(each) == word; });
  if (state == kStates.end()) {
    throw std::invalid_argument(fmt::format("\"{}\" is no state", std::string_view(word)));
  }
  return {.node = std::string(array.at(0).as_string()),
          .state = *state,
          .granted = array.at(2).as_int64(),
          .sold = array.at(3).as_int64()};
}

Sample sample_of(Instant at, const json::object& object) {
  const auto number = [&](std::string_view name) { return object.at(name).as_int64(); };
  Sample sample{.at = at,
                .seconds = number("seconds"),
                .counted = {.answers = answers_of(object.at("answers").as_object()),
                            .waits = waits_of(object.at("waits").as_array())},
                .queue_depth = std::nullopt,
                .units = {.quantity = number("quantity"),
                          .unleased = number("unleased"),
                          .leased = number("leased"),
                          .sold = number("sold"),
                          .failed = number("failed")},
                .leased_by_node = {}};
  if (!object.at("queue").is_null()) sample.queue_depth = number("queue");
  for (const auto& each : object.at("holdings").as_array()) {
    sample.leased_by_node.push_back(leased_of(each.as_array()));
  }
  return sample;
}

}  // namespace

std::string to_body(const Sample& sample) {
  const json::value queue = sample.queue_depth ? json::value(*sample.queue_depth) : json::value();
  return json::serialize(json::object{{"seconds", sample.seconds},
                                      {"answers", answers_of(sample.counted.answers)},
                                      {"waits", waits_of(sample.counted.waits)},
                                      {"queue", queue},
                                      {"quantity", sample.units.quantity},
                                      {"unleased", sample.units.unleased},
                                      {"leased", sample.units.leased},
                                      {"sold", sample.units.sold},
                                      {"failed", sample.units.failed},
                                      {"holdings", array_of(sample.leased_by_node)}});
}

std::expected<Sample, std::string> from_body(Instant at, std::string_view body) {
  try {
    return sample_of(at, json::parse(body).as_object());
  } catch (const std::exception& error) {
    return std::unexpected(
        fmt::format("the sample of {} cannot be read: {}", format_rfc3339(at), error.what()));
  }
}

}  // namespace stampede::services::live
