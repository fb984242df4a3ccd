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
  /// Makes the operator "olga", who logs in.
  explicit Console(Shop& shop) : browser_(shop.server().console_port()) {
    const std::string password = shop.run({"user", "add", "olga", "--operator"});
    const auto answer =
        submit("/login", "/login",
               {{"name", "olga"}, {"password", password.substr(0, password.find('\n'))}});
    if (answer.status != 303) throw std::runtime_error("no login: " + answer.body);
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
    const auto form = find_form(get(page).body, page);
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
