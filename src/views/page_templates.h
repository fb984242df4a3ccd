#pragma once

#include <functional>
#include <kainjow/mustache.hpp>
#include <map>
#include <string>
#include <string_view>

namespace stampede::views {

/// Where the browser finds a file of web/: "css/shop.css" → its address.
using AssetUrl = std::function<std::string(std::string_view path)>;

/// The templates of one site, each inside that site's layout. For the .cc files of this room: what
/// it includes is heavy. Thread-safe.
class PageTemplates {
 public:
  /// `folder` of templates/: "" is the shop's, "console/" the console's. Throws std::logic_error
  /// for a template that is not valid: the binary is broken then.
  PageTemplates(std::string_view folder, const AssetUrl& asset_url);

  /// Templates see `title` and the address of every file of web/: {{assets.css_shop_css}}.
  /// Values are escaped, and no template can switch that off.
  std::string render(std::string_view name, const std::string& title,
                     kainjow::mustache::data values) const;

 private:
  kainjow::mustache::data assets_;
  /// kainjow's render() is not const, but writes only for lambdas and partials, of which there are
  /// none here: so one template serves all threads.
  mutable std::map<std::string, kainjow::mustache::mustache, std::less<>> pages_;
};

/// A section of a template: shown with {{text}}, or not at all if there are no words.
kainjow::mustache::data section(const std::string& words);

}  // namespace stampede::views
