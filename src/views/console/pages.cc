#include "views/console/pages.h"

#include "views/page_templates.h"

namespace stampede::views {

using kainjow::mustache::data;

namespace {

/// Four characters each, as people type them.
std::string in_groups(std::string_view text) {
  std::string groups;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    if (i > 0) groups += ' ';
    groups += text.substr(i, 4);
  }
  return groups;
}

}  // namespace

ConsolePages::ConsolePages(const Pages::AssetUrl& asset_url)
    : templates_(std::make_unique<PageTemplates>("console/", asset_url)) {}
ConsolePages::~ConsolePages() = default;

std::string ConsolePages::login(const CredentialsForm& form) const {
  data values;
  values.set("stranger", data{true});
  values.set("token", form.token);
  values.set("error", section(form.error));
  values.set("notice", section(form.notice));
  values.set("name", form.name);
  values.set("next", form.next);
  using Code = CredentialsForm::Code;
  values.set("code_needed", data{form.code == Code::kNeeded});
  values.set("code_if_any", data{form.code == Code::kIfAny});
  values.set("code_unless_none_yet", data{form.code == Code::kUnlessNoneYet});
  return templates_->render("login", "Log in", values);
}

std::string ConsolePages::logout(const std::string& token) const {
  return templates_->render("logout", "Log out", data{"token", token});
}

std::string ConsolePages::second_factor(const SecondFactorPage& page) const {
  data values;
  values.set("required", data{page.required});
  values.set("has", data{page.has});
  values.set("shown", data{page.shown});
  values.set("uri", page.uri);
  values.set("text", in_groups(page.text));
  values.set("sealed", page.sealed);
  values.set("token", page.token);
  values.set("error", section(page.error));
  return templates_->render("second_factor", "Second factor", values);
}

std::string ConsolePages::message(const MessagePage& page) const {
  return templates_->render("message", page.title, data{"message", page.message});
}

}  // namespace stampede::views
