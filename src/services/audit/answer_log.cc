#include "services/audit/answer_log.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <optional>

namespace stampede::services::audit {
namespace {

namespace json = boost::json;
using Last = Outcome::Last;

struct AnswerLine {
  UserId buyer;
  ProductId product;  // 0: not told
  SaleId sale;        // 0: not told
  std::optional<IdempotencyKey> key;
  std::int64_t status = 0;
  std::string_view result;
  OrderNumber order;
};

/// Reads members of one object; remembers the first thing that was wrong.
class Members {
 public:
  explicit Members(const json::object& object) : object_(object) {}

  std::int64_t integer(std::string_view name, std::int64_t least, bool required) {
    const json::value* member = object_.if_contains(name);
    if (!member && !required) return 0;
    const std::int64_t* number = member ? member->if_int64() : nullptr;
    if (!number || *number < least) {
      fail(fmt::format("expected \"{}\" to be a whole number from {}", name, least));
      return 0;
    }
    return *number;
  }
  std::string_view text(std::string_view name) {
    const json::value* member = object_.if_contains(name);
    const json::string* text = member ? member->if_string() : nullptr;
    if (!text || text->empty()) {
      fail(fmt::format("expected \"{}\" to be a text", name));
      return {};
    }
    return {text->data(), text->size()};
  }
  void fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }
  const std::string& problem() const { return problem_; }

 private:
  const json::object& object_;
  std::string problem_;
};

bool is_yes(const AnswerLine& line) { return line.result == "sold" || line.result == "held"; }

std::expected<AnswerLine, std::string> read(const json::object& object) {
  Members members(object);
  AnswerLine line;
  line.buyer.value = members.integer("buyer", 1, true);
  line.status = members.integer("status", 0, true);
  line.result = members.text("result");
  line.product.value = members.integer("product", 1, line.status != 0);
  line.sale.value = members.integer("sale", 1, false);
  line.key = IdempotencyKey::parse(members.text("key"));
  if (!line.key) members.fail("expected \"key\" to be 16 to 64 characters of A-Z a-z 0-9 - _");
  const bool yes = is_yes(line);
  line.order.value = members.integer("order", 1, yes);
  if (yes != (line.status == 201 || line.status == 200)) {
    members.fail(
        "expected \"sold\" or \"held\" with status 201 or 200, and those with one of them");
  }
  if ((line.result == "pending") != (line.status == 202)) {
    members.fail("expected \"pending\" with status 202, and 202 with \"pending\"");
  }
  if ((line.result == "lost") != (line.status == 0)) {
    members.fail("expected \"lost\" with status 0, and 0 with \"lost\"");
  }
  if (!members.problem().empty()) return std::unexpected(members.problem());
  return line;
}

/// "Three answers" in docs/design.md#purchase.
bool is_no(const AnswerLine& line) {
  switch (line.status) {
    case 403:
      return line.result == "blacklisted";
    case 404:
      return line.result == "unknown-product";
    case 409:
      return true;
    case 410:
      return line.result != "key-forgotten";
    default:
      return false;
  }
}

/// nullopt: the answer decides nothing, neither about its own attempt nor about earlier ones.
std::optional<Last> standing(const AnswerLine& line) {
  if (is_yes(line)) return Last::kYes;
  if (line.status == 202) return Last::kPending;
  if (is_no(line)) return Last::kNo;
  // 500, or a gateway's 502 or 504: the answer does not tell what became of the request.
  const bool unknown = line.status == 0 || (line.status >= 500 && line.status != 503);
  return unknown ? std::optional{Last::kLost} : std::nullopt;
}

}  // namespace

std::expected<void, std::string> AnswerLog::add(std::string_view text) {
  std::array<unsigned char, 2048> buffer;  // one line's values, without an allocation
  json::static_resource memory(buffer.data(), buffer.size());
  json::error_code failure;
  json::value value;
  try {
    value = json::parse({text.data(), text.size()}, failure, &memory);
  } catch (const std::bad_alloc&) {
    value = json::parse({text.data(), text.size()}, failure);
  }
  if (failure) return std::unexpected("expected a JSON object: " + failure.message());
  const json::object* object = value.if_object();
  if (!object) return std::unexpected("expected a JSON object");
  const auto line = read(*object);
  if (!line) return std::unexpected(line.error());

  const bool ours =
      line->sale ? line->sale == sale_ : (!line->product || line->product == product_);
  if (!ours) return {};
  const Intent intent{line->buyer, *line->key};
  Outcome& outcome = outcomes_[intent];
  const auto now = standing(*line);
  if (now == Last::kYes) {
    if (!outcome.promised) outcome.promised = line->order;
    if (outcome.promised != line->order) {
      contradictions_.push_back({intent, outcome.promised, line->order});
    }
  }
  // A lost answer to a repeated request does not undo an earlier yes.
  const bool repeated = outcome.last == Last::kYes && (now == Last::kLost || now == Last::kPending);
  if (now && !repeated) outcome.last = *now;
  if (now == Last::kLost) outcome.unanswered = true;
  return {};
}

}  // namespace stampede::services::audit
