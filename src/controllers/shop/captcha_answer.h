#pragma once

#include <optional>
#include <string>

#include "http/message.h"

namespace stampede::controllers {

/// What the body of POST /captcha/verify says, as a JSON object or a form; what is missing, or is
/// neither a text nor a whole number, is none.
struct CaptchaAnswer {
  std::optional<std::string> challenge = std::nullopt;
  std::optional<std::string> answer = std::nullopt;
  std::optional<std::string> token = std::nullopt;  // of an external challenge
  std::optional<std::string> product = std::nullopt;
  std::optional<std::string> key = std::nullopt;

  /// nullopt if the body is declared as JSON and is no JSON object.
  static std::optional<CaptchaAnswer> of(const http::Request& request);
};

}  // namespace stampede::controllers
