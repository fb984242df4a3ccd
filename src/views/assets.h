#pragma once

#include <span>
#include <string>
#include <string_view>

namespace stampede::views {

/// One file for the browser, as web/build.mjs made it.
struct Asset {
  std::string_view path;   // "css/shop.css"
  std::string url;         // "/static/shop-00c0ffee00c0ffee.css": names the content
  std::string_view bytes;  // in the binary
};

/// All assets, in order of path. A URL names the content, so what it serves never changes, and
/// browsers and CDNs may keep every file for good. Thread-safe; valid for the life of the process.
std::span<const Asset> assets();

/// Where the browser finds a file of web/; throws std::logic_error if the binary has none of that
/// path.
const std::string& asset_url(std::string_view path);

}  // namespace stampede::views
