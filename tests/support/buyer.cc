#include "tests/support/buyer.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <random>
#include <stdexcept>

#include "http/message.h"
#include "tests/support/form.h"

namespace stampede::test_support {

std::string fresh_key() {
  static const unsigned run = std::random_device{}();
  static std::atomic<unsigned> count{0};
  return fmt::format("intent-{:08x}-{:08x}", run, count.fetch_add(1));
}

http::ClientResponse Buyer::send(http::ClientRequest request) {
  std::string cookies;
  if (id_) cookies += fmt::format("uid={}; ", id_.value);
  if (!sign_.empty()) cookies += fmt::format("sign={}; ", sign_);
  for (const auto& [name, value] : other_cookies_) cookies += fmt::format("{}={}; ", name, value);
  if (!cookies.empty()) {
    request.headers.emplace_back("Cookie", cookies.substr(0, cookies.size() - 2));
  }
  auto response = client_.send(request);
  if (!response) {
    throw std::runtime_error(
        fmt::format("{} {}: {}", request.method, request.target, response.error()));
  }
  keep_cookies(*response);
  return std::move(*response);
}

void Buyer::keep_cookies(const http::ClientResponse& response) {
  for (const auto& [header, text] : response.headers) {
    if (!std::ranges::equal(header, std::string_view("set-cookie"),
                            [](char a, char b) { return std::tolower(a) == b; })) {
      continue;
    }
    const std::string name = text.substr(0, text.find('='));
    const std::string value = response.cookie(name);
    if (name == "uid") {
      id_ = UserId{value.empty() ? 0 : std::stoll(value)};
    } else if (name == "sign") {
      sign_ = value;
    } else {
      std::erase_if(other_cookies_, [&](const auto& cookie) { return cookie.first == name; });
      if (!value.empty()) other_cookies_.emplace_back(name, value);
    }
  }
}

std::string Buyer::other_cookies() const {
  std::string cookies;
  for (const auto& [name, value] : other_cookies_) {
    cookies += fmt::format("{}{}={}", cookies.empty() ? "" : "; ", name, value);
  }
  return cookies;
}

http::ClientResponse Buyer::get(const std::string& target, const std::string& accept) {
  return send({.method = "GET", .target = target, .headers = {{"Accept", accept}}, .body = {}});
}

http::ClientResponse Buyer::submit(const std::string& page, const std::string& action,
                                   const std::string& name, const std::string& password) {
  const http::ClientResponse shown = get(page);
  auto form = find_form(shown.body, action);
  if (!form) {
    throw std::runtime_error(
        fmt::format("no form for {} on {} ({}): {}", action, page, shown.status, shown.body));
  }
  if (!form->text_field.empty()) form->fields[form->text_field] = name;
  for (const std::string& field : form->password_fields) form->fields[field] = password;
  return send(
      {.method = "POST",
       .target = action,
       .headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Origin", origin_}},
       .body = form->encoded()});
}

http::ClientResponse Buyer::register_as(const std::string& name, const std::string& password) {
  return submit("/user/register", "/user/register", name, password);
}

http::ClientResponse Buyer::log_in(const std::string& name, const std::string& password) {
  return submit("/user/login", "/user/login", name, password);
}

http::ClientResponse Buyer::log_out() { return submit("/user/password", "/user/logout", {}, {}); }

CheckAnswer read_check(http::ClientResponse response) {
  CheckAnswer answer{
      .status = response.status, .result = {}, .order = 0, .response = std::move(response)};
  boost::json::error_code not_json;
  const auto body = boost::json::parse(answer.response.body, not_json);
  if (const auto* object = not_json ? nullptr : body.if_object()) {
    for (const char* member : {"result", "type"}) {
      if (const auto* slug = object->if_contains(member); slug != nullptr && slug->is_string()) {
        answer.result = http::slug_of(slug->as_string());
        break;
      }
    }
    if (const auto* order = object->if_contains("order"); order != nullptr && order->is_int64()) {
      answer.order = order->as_int64();
    }
  }
  return answer;
}

CheckAnswer Buyer::buy(ProductId product, std::string_view key, std::string_view pass) {
  http::ClientRequest request{.method = "POST",
                              .target = fmt::format("/check?productID={}", product.value),
                              .headers = {{"Idempotency-Key", std::string(key)}},
                              .body = {}};
  if (!pass.empty()) request.headers.emplace_back("Captcha-Pass", pass);
  return read_check(send(std::move(request)));
}

CheckAnswer Buyer::order(ProductId product, std::string_view key, std::string_view pass) {
  CheckAnswer answer;
  eventually(kPatience, [&] {
    answer = buy(product, key, pass);
    return answer.status != 202 && answer.status != 503;
  });
  return answer;
}

}  // namespace stampede::test_support
