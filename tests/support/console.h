#pragma once

#include <fmt/format.h>

#include <map>
#include <stdexcept>
#include <string>

#include "tests/support/form.h"
#include "tests/support/shop.h"

namespace stampede::test_support {

/// An operator's browser at the console. For one thread.
class Console {
 public:
  /// Makes an operator, who logs in.
  explicit Console(Shop& shop, const std::string& name = "olga", const std::string& role = "owner")
      : browser_(shop.server().console_port()) {
    std::string password = shop.run({"operator", "add", name, "--role", role});
    password.resize(password.find('\n'));
    const auto answer = log_in(name, password);
    if (answer.status != 303) throw std::runtime_error("no login: " + answer.body);
  }
  /// Somebody who is not logged in.
  explicit Console(std::uint16_t port) : browser_(port) {}

  http::ClientResponse log_in(const std::string& name, const std::string& password,
                              const std::string& code = {}) {
    std::map<std::string, std::string> fields{{"name", name}, {"password", password}};
    if (!code.empty()) fields["code"] = code;
    return submit("/login", "/login", fields);
  }
  /// The session's, and others.
  std::string cookies() const { return browser_.other_cookies(); }
  /// Of the first form on `page` that goes to `action`.
  std::string token(const std::string& page, const std::string& action) {
    const auto form = find_form(get(page).body, action);
    if (!form) throw std::runtime_error("no form for " + action + " on " + page);
    return form->fields.at("token");
  }
  http::ClientResponse post(const std::string& target, const std::string& body,
                            const std::string& token) {
    return browser_.send(
        {.method = "POST",
         .target = target,
         .headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Form-Token", token}},
         .body = body});
  }

  http::ClientResponse get(const std::string& target) { return browser_.get(target); }
  /// Fills in the form of `page` that goes to `action`.
  http::ClientResponse submit(const std::string& page, const std::string& action,
                              const std::map<std::string, std::string>& fields) {
    auto form = find_form(get(page).body, action);
    if (!form) throw std::runtime_error("no form for " + action + " on " + page);
    for (const auto& [name, value] : fields) form->fields[name] = value;
    return browser_.send({.method = "POST",
                          .target = action,
                          .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                          .body = form->encoded()});
  }
  http::ClientResponse upload(ProductId product, const std::string& content) {
    const std::string page = fmt::format("/products/{}", product.value);
    const auto form = find_form(get(page).body, "");  // its script knows where it goes
    return browser_.send({.method = "POST",
                          .target = page + "/pictures?alt=fox",
                          .headers = {{"Content-Type", "application/octet-stream"},
                                      {"Form-Token", form->fields.at("token")}},
                          .body = content});
  }

 private:
  Buyer browser_;
};

}  // namespace stampede::test_support
