#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "views/pages.h"

namespace stampede::views {

/// Makes the proof that a form of a page is ours, for the path that the form is sent to.
using FormToken = std::function<std::string(std::string_view action)>;

/// Where operators set up a second factor, or read that they have one.
struct SecondFactorPage {
  bool required = false;
  bool has = false;    // there is one, and what follows is not shown
  bool shown = false;  // and this session was begun with it
  std::string uri;     // what an authenticator reads
  std::string text;    // the same secret, to be typed
  std::string sealed;  // the same, to be sent back
  std::string token;   // proves that the form is ours
  std::string error;   // a sentence, or empty
};

/// The console's own few pages; those of its parts are in classes of their own, which share these
/// templates. Values are escaped. Thread-safe.
class ConsolePages {
 public:
  explicit ConsolePages(const Pages::AssetUrl& asset_url);
  ~ConsolePages();
  ConsolePages(const ConsolePages&) = delete;
  ConsolePages& operator=(const ConsolePages&) = delete;

  std::string login(const CredentialsForm& form) const;
  std::string logout(const std::string& token) const;
  std::string second_factor(const SecondFactorPage& page) const;
  std::string message(const MessagePage& page) const;

  const PageTemplates& templates() const { return *templates_; }

 private:
  std::unique_ptr<PageTemplates> templates_;
};

}  // namespace stampede::views
