#include "controllers/shop/captcha_answer.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <string_view>

namespace stampede::controllers {
namespace {

/// A string, or a whole number as text.
std::optional<std::string> field(const boost::json::object& object, std::string_view name) {
  const boost::json::value* const value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* text = value->if_string()) return std::string(*text);
  if (const auto* number = value->if_int64()) return std::to_string(*number);
  return std::nullopt;
}

}  // namespace

std::optional<CaptchaAnswer> CaptchaAnswer::of(const http::Request& request) {
  if (!request.header("content-type").starts_with("application/json")) {
    return CaptchaAnswer{request.form_field("challenge"), request.form_field("answer"),
                         request.form_field("token"), request.form_field("productID"),
                         request.form_field("key")};
  }
  boost::system::error_code error;
  const boost::json::value body = boost::json::parse(request.body, error);
  const boost::json::object* const object = error ? nullptr : body.if_object();
  if (object == nullptr) return std::nullopt;
  return CaptchaAnswer{field(*object, "challenge"), field(*object, "answer"),
                       field(*object, "token"), field(*object, "productID"), field(*object, "key")};
}

}  // namespace stampede::controllers
