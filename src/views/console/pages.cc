#include "views/console/pages.h"

#include "views/page_templates.h"

namespace stampede::views {

using kainjow::mustache::data;

ConsolePages::ConsolePages(const Pages::AssetUrl& asset_url)
    : templates_(std::make_unique<PageTemplates>("console/", asset_url)) {}
ConsolePages::~ConsolePages() = default;

std::string ConsolePages::login(const CredentialsForm& form) const {
  data values;
  values.set("stranger", data{true});
  values.set("token", form.token);
  values.set("error", section(form.error));
  values.set("name", form.name);
  values.set("next", form.next);
  values.set("code", data{form.code});
  return templates_->render("login", "Log in", values);
}

std::string ConsolePages::logout(const std::string& token) const {
  return templates_->render("logout", "Log out", data{"token", token});
}

std::string ConsolePages::message(const MessagePage& page) const {
  return templates_->render("message", page.title, data{"message", page.message});
}

}  // namespace stampede::views
