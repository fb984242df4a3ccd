#include "peers/http/problem.h"

#include <boost/json/parse.hpp>

#include "http/message.h"

namespace stampede::peers {
namespace {

std::string text_of(const boost::json::object& object, const char* name) {
  const boost::json::value* member = object.if_contains(name);
  const boost::json::string* text = member == nullptr ? nullptr : member->if_string();
  return text == nullptr ? "" : std::string(text->data(), text->size());
}

}  // namespace

Problem problem_of(const http::ClientResponse& response) {
  if (response.header("Content-Type") != "application/problem+json") return {};
  boost::json::error_code error;
  const auto document = boost::json::parse(response.body, error);
  if (error || !document.is_object()) return {};
  return {.type = std::string(http::slug_of(text_of(document.get_object(), "type"))),
          .detail = text_of(document.get_object(), "detail")};
}

}  // namespace stampede::peers
