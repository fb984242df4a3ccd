// The body of POST /captcha/verify (controllers/shop/captcha_answer.h), as JSON and as a form: what
// it says is what another reader finds, and what is written comes out as it was.
#include "controllers/shop/captcha_answer.h"

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>

#include "model/text/utf8.h"
#include "tests/fuzz/fuzz.h"

namespace stampede::fuzz {
namespace {

using controllers::CaptchaAnswer;
using Field = std::optional<std::string> CaptchaAnswer::*;

constexpr std::array<std::pair<std::string_view, Field>, 5> kFields{
    {{"challenge", &CaptchaAnswer::challenge},
     {"answer", &CaptchaAnswer::answer},
     {"token", &CaptchaAnswer::token},
     {"productID", &CaptchaAnswer::product},
     {"key", &CaptchaAnswer::key}}};

std::optional<CaptchaAnswer> read(std::string_view body, const char* type) {
  http::Request request;
  request.headers.emplace_back("Content-Type", type);
  request.body = body;
  return CaptchaAnswer::of(request);
}

/// Each field holds what was put there.
void check_written(std::string_view text) {
  if (!is_utf8(text)) return;
  boost::json::object object;
  for (const auto& [name, field] : kFields) object[name] = text;
  const auto answer = read(boost::json::serialize(object), "application/json; charset=utf-8");
  require(answer.has_value(), "what is written is read");
  for (const auto& [name, field] : kFields) require(*answer.*field == text, "as it was written");
}

/// A text as it stands; a number that is one when it is read; nothing else.
void check_fields(const boost::json::object& object, const CaptchaAnswer& answer) {
  for (const auto& [name, field] : kFields) {
    const auto& found = answer.*field;
    const auto* const value = object.if_contains(name);
    require(value != nullptr || !found, "a field that is not there is none");
    if (value == nullptr) continue;
    if (value->is_string()) {
      require(found && *found == std::string_view(value->get_string()), "a text is that text");
    } else if (value->is_int64()) {
      require(found && boost::json::parse(*found) == *value, "a number is that number");
    } else {
      require(!found, "nothing else is a field");
    }
  }
}

}  // namespace

bool accepts(std::string_view bytes) {
  check_written(bytes);
  const auto form = read(bytes, "application/x-www-form-urlencoded");
  require(form.has_value(), "a form is one, whatever it says");
  const auto answer = read(bytes, "application/json");
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(bytes, error);
  require(answer.has_value() == (!error && value.is_object()), "a JSON object, and nothing else");
  if (!answer) return false;
  check_fields(value.get_object(), *answer);
  return true;
}

}  // namespace stampede::fuzz
