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

/// "css/shop.css" → "css_shop_css", as templates name it.
std::string name_of(const Asset& asset) {
  std::string name(asset.path);
  std::ranges::replace_if(
      name, [](char c) { return c == '/' || c == '.' || c == '-'; }, '_');
  return name;
}

/// The text of a template with the addresses of files in it. They are the same for all pages, so
/// that no page has to look them up.
std::string with_addresses(std::string text, std::string_view path, const AssetUrl& asset_url) {
  static constexpr std::string_view kBegin = "{{assets.";
  static constexpr std::string_view kEnd = "}}";
  for (auto at = text.find(kBegin); at != std::string::npos; at = text.find(kBegin, at)) {
    const auto end = text.find(kEnd, at);
    const std::string name = text.substr(at + kBegin.size(), end - at - kBegin.size());
    const auto asset = std::ranges::find(assets(), name, name_of);
    if (asset == assets().end()) throw std::logic_error(fmt::format("{}: no asset {}", path, name));
    text.replace(at, end + kEnd.size() - at, mustache::html_escape(asset_url(asset->path)));
  }
  return text;
}

/// A page's template inside the layout. Joined as text before it is parsed, so that no template
/// needs the unescaped {{{ }}}, which a test forbids.
mustache::mustache compile(std::string_view layout, std::string_view path, std::string_view content,
                           const AssetUrl& asset_url) {
  static constexpr std::string_view kContent = "{{>content}}\n";
  std::string joined{layout};
  const std::size_t place = joined.find(kContent);
  if (place == std::string::npos) throw std::logic_error("a layout has no {{>content}}");
  joined.replace(place, kContent.size(), content);
  mustache::mustache compiled{with_addresses(std::move(joined), path, asset_url)};
  if (!compiled.is_valid()) {
    throw std::logic_error(fmt::format("{}: {}", path, compiled.error_message()));
  }
  return compiled;
}

}  // namespace

PageTemplates::PageTemplates(std::string_view folder, const AssetUrl& asset_url) {
  const auto files = embedded::templates();
  const auto layout = std::ranges::find_if(
      files, [&](const auto& f) { return name_in(folder, f.path) == kLayout; });
  if (layout == files.end()) throw std::logic_error(fmt::format("{} has no layout", folder));
  for (const auto& file : files) {
    const auto name = name_in(folder, file.path);
    if (!name || *name == kLayout) continue;
    pages_.emplace(std::string(*name), compile(layout->bytes, file.path, file.bytes, asset_url));
  }
}

std::string PageTemplates::render(std::string_view name, const std::string& title,
                                  data values) const {
  const auto page = pages_.find(name);
  if (page == pages_.end()) throw std::logic_error(fmt::format("no template {}", name));
  values.set("title", title);
  return page->second.render(values);
}

data section(const std::string& words) {
  if (words.empty()) return data{false};
  return data{"text", words};
}

}  // namespace stampede::views
