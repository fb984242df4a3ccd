#pragma once

#include <chrono>
#include <future>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/server/handlers/router.h"
#include "tests/support/eventually.h"

namespace stampede::test_support {

using Headers = std::vector<std::pair<std::string, std::string>>;
using Fields = std::vector<std::pair<std::string, std::string>>;

inline std::string_view body_of(const http::Response& response) {
  return response.shared_body ? *response.shared_body : response.body;
}

/// The first header of that name; empty if there is none.
inline std::string header_of(const http::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

/// A browser without a network: sends requests through a router, keeps the cookies it is given, and
/// waits for the answer from whatever thread it comes.
class Visitor {
 public:
  explicit Visitor(const http::Router& router) : router_(&router) {}

  http::Response get(std::string_view target, const Headers& headers = {}) {
    return send(http::Method::kGet, target, headers, "");
  }
  http::Response post(std::string_view target, std::string_view body, const Headers& headers = {}) {
    return send(http::Method::kPost, target, headers, body);
  }
  http::Response post_json(std::string_view target, std::string_view body, Headers headers = {}) {
    headers.emplace_back("Content-Type", "application/json");
    return post(target, body, headers);
  }
  http::Response post_form(std::string_view target, const Fields& fields, Headers headers = {}) {
    std::string body;
    for (const auto& [name, value] : fields) {
      if (!body.empty()) body += '&';
      body += encode(name) + '=' + encode(value);
    }
    headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    return post(target, body, headers);
  }

  /// Percent-encodes everything.
  static std::string encode(std::string_view text) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
    return encoded;
  }

  std::map<std::string, std::string> cookies;
  bool secure = false;

 private:
  class WaitingExchange final : public http::Exchange {
   public:
    void answer(http::Response&& response) override { answered_.set_value(std::move(response)); }
    const http::Post& post() const override { return post_; }
    http::Response wait() {
      auto future = answered_.get_future();
      if (future.wait_for(kPatience) != std::future_status::ready) {
        throw std::runtime_error("a request was never answered");
      }
      return future.get();
    }

   private:
    std::promise<http::Response> answered_;
    http::Post post_ = [](std::move_only_function<void()> task) { task(); };
  };

  http::Response send(http::Method method, std::string_view target, const Headers& headers,
                      std::string_view body) {
    std::string cookie_header;
    for (const auto& [name, value] : cookies) {
      if (!cookie_header.empty()) cookie_header += "; ";
      cookie_header += name + "=" + value;
    }
    http::Request request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    if (request.path.size() < target.size()) request.query = target.substr(request.path.size() + 1);
    request.headers.emplace_back("Host", "shop.example");
    if (!cookie_header.empty()) request.headers.emplace_back("Cookie", cookie_header);
    for (const auto& [name, value] : headers) request.headers.emplace_back(name, value);
    request.body = body;
    request.client_address = "192.0.2.1";
    request.secure = secure;

    WaitingExchange exchange;
    router_->route(request, http::Responder(exchange));
    http::Response response = exchange.wait();
    for (const auto& [name, value] : response.headers) {
      if (name == "Set-Cookie") keep(value);
    }
    return response;
  }

  void keep(const std::string& set_cookie) {
    const auto equals = set_cookie.find('=');
    const auto end = set_cookie.find(';');
    const std::string name = set_cookie.substr(0, equals);
    if (set_cookie.find("Max-Age=0;") != std::string::npos) {
      cookies.erase(name);
    } else {
      cookies[name] = set_cookie.substr(equals + 1, end - equals - 1);
    }
  }

  const http::Router* router_;
};

}  // namespace stampede::test_support
