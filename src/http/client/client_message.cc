#include "http/client/client_message.h"

#include <fmt/format.h>

#include "http/text.h"

namespace stampede::http {

std::string serialised(const ClientRequest& request, std::string_view authority) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\n", request.method, request.target);
  bool has_host = false;
  for (const auto& [name, value] : request.headers) {
    has_host = has_host || same_name(name, "host");
    text.append(name).append(": ").append(value).append("\r\n");
  }
  if (!has_host) {
    text.append("Host: ").append(authority).append("\r\n");
  }
  if (!request.body.empty() || request.method == "POST") {
    text += fmt::format("Content-Length: {}\r\n", request.body.size());
  }
  return text + "\r\n" + request.body;
}

ClientResponse response_of(
    boost::beast::http::response<boost::beast::http::string_body>&& message) {
  ClientResponse response;
  response.status = static_cast<int>(message.result_int());
  for (const auto& field : message) {
    response.headers.emplace_back(field.name_string(), field.value());
  }
  response.body = std::move(message.body());
  return response;
}

}  // namespace stampede::http
