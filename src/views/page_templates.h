#pragma once

#include <functional>
#include <kainjow/mustache.hpp>
#include <map>
#include <string>
#include <string_view>

namespace stampede::views {

/// Where the browser finds a file of web/: "css/shop.css" → its address.
using AssetUrl = std::function<std::string(std::string_view path)>;

/// The templates of one site, each inside that site's layout. Only .cc files of this room include
/// it, because mustache is a heavy header. Thread-safe.
class PageTemplates {
 public:
  /// `folder` of templates/: "shop/" or "console/". Throws std::logic_error for a template that is
  /// not valid or names a file that web/ does not have, which only a broken build can contain.
  PageTemplates(std::string_view folder, const AssetUrl& asset_url);

  /// Templates see `title` and the address of every file of web/: {{assets.css_shop_css}}.
  /// `name` is the template's path below the site's folder, without its ending. Values are escaped,
  /// and no template can switch that off.
  std::string render(std::string_view name, const std::string& title,
                     kainjow::mustache::data values) const;

 private:
  /// kainjow's render() is not const, but it writes only for lambdas and partials, and no template
  /// here has any: so all threads may share a template.
  mutable std::map<std::string, kainjow::mustache::mustache, std::less<>> pages_;
};

/// A section of a template, which shows `words` as {{text}}; without words it is not shown.
kainjow::mustache::data section(const std::string& words);

}  // namespace stampede::views
