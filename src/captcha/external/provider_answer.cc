#include "captcha/external/provider_answer.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <string_view>
#include <vector>

namespace stampede::captcha {
namespace {

using web_requests::Failure;
using web_requests::Result;
using Word = ProviderAnswer::Word;

/// What the shop's configuration is to blame for, or the provider: not the buyer.
constexpr std::array<std::string_view, 4> kNotTheBuyers{
    "missing-input-secret", "invalid-input-secret", "sitekey-secret-mismatch", "internal-error"};

bool is_busy(const Result& result) {
  return !result && (result.error().failure == Failure::kQueueFull ||
                     result.error().failure == Failure::kNotBegun);
}

std::string text_of(const boost::json::object& object, std::string_view name) {
  const boost::json::value* const value = object.if_contains(name);
  const auto* const text = value != nullptr ? value->if_string() : nullptr;
  return text != nullptr ? std::string(*text) : "";
}

std::vector<std::string> texts_of(const boost::json::object& object, std::string_view name) {
  std::vector<std::string> texts;
  const boost::json::value* const value = object.if_contains(name);
  const auto* const array = value != nullptr ? value->if_array() : nullptr;
  if (array == nullptr) return texts;
  for (const auto& item : *array) {
    if (const auto* text = item.if_string()) texts.emplace_back(*text);
  }
  return texts;
}

}  // namespace

ProviderAnswer read_provider_answer(const Result& result) {
  if (!result) {
    return {
        .word = is_busy(result) ? Word::kBusy : Word::kNothing,
        .reason = std::string(to_string(result.error().failure)) + ": " + result.error().detail};
  }
  boost::system::error_code error;
  const boost::json::value body = boost::json::parse(result->body, error);
  const auto* const object = error ? nullptr : body.if_object();
  const auto* const success = object != nullptr ? object->if_contains("success") : nullptr;
  if (result->status >= 500 || success == nullptr || !success->is_bool()) {
    return {.word = Word::kNoVerdict,
            .reason = "no verdict, status " + std::to_string(result->status)};
  }
  if (success->get_bool()) return {.word = Word::kYes, .host = text_of(*object, "hostname")};
  for (const std::string& code : texts_of(*object, "error-codes")) {
    if (std::ranges::find(kNotTheBuyers, code) != kNotTheBuyers.end()) {
      return {.word = Word::kNoVerdict, .reason = "the provider says " + code};
    }
  }
  return {.word = Word::kNo};
}

}  // namespace stampede::captcha
