#include "views/page_templates.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include "embedded/templates.h"
#include "views/assets.h"

namespace stampede::views {
namespace {

namespace mustache = kainjow::mustache;
using mustache::data;

constexpr std::string_view kEnding = ".mustache";
constexpr std::string_view kLayout = "layout";

/// "console/catalog/sales.mustache" in "console/" → "catalog/sales"; nullopt for a template of
/// another folder.
std::optional<std::string_view> name_in(std::string_view folder, std::string_view path) {
  if (!path.starts_with(folder) || !path.ends_with(kEnding)) return std::nullopt;
  path.remove_prefix(folder.size());
  path.remove_suffix(kEnding.size());
  return path;
}

/// A page's template inside the layout. Joined as text before it is parsed, so that no template
/// needs the unescaped {{{ }}}, which a test forbids.
mustache::mustache compile(std::string_view layout, std::string_view path,
                           std::string_view content) {
  static constexpr std::string_view kContent = "{{>content}}\n";
  std::string joined{layout};
  const std::size_t place = joined.find(kContent);
  if (place == std::string::npos) throw std::logic_error("a layout has no {{>content}}");
  joined.replace(place, kContent.size(), content);
  mustache::mustache compiled{joined};
  if (!compiled.is_valid()) {
    throw std::logic_error(fmt::format("{}: {}", path, compiled.error_message()));
  }
  return compiled;
}

}  // namespace

PageTemplates::PageTemplates(std::string_view folder, const AssetUrl& asset_url)
    : assets_(data::type::object) {
  for (const Asset& asset : assets()) {
    std::string key(asset.path);
    std::ranges::replace_if(
        key, [](char c) { return c == '/' || c == '.' || c == '-'; }, '_');
    assets_.set(key, asset_url(asset.path));
  }
  const auto files = embedded::templates();
  const auto layout = std::ranges::find_if(
      files, [&](const auto& f) { return name_in(folder, f.path) == kLayout; });
  if (layout == files.end()) throw std::logic_error(fmt::format("{} has no layout", folder));
  for (const auto& file : files) {
    const auto name = name_in(folder, file.path);
    if (!name || *name == kLayout) continue;
    pages_.emplace(std::string(*name), compile(layout->bytes, file.path, file.bytes));
  }
}

std::string PageTemplates::render(std::string_view name, const std::string& title,
                                  data values) const {
  const auto page = pages_.find(name);
  if (page == pages_.end()) throw std::logic_error(fmt::format("no template {}", name));
  values.set("title", title);
  values.set("assets", assets_);
  return page->second.render(values);
}

data section(const std::string& words) {
  if (words.empty()) return data{false};
  return data{"text", words};
}

}  // namespace stampede::views
