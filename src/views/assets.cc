#include "views/assets.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "embedded/web.h"

namespace stampede::views {
namespace {

std::uint64_t content_hash(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a: our own files, so no one crafts a collision
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

std::string hashed_url(std::string_view path, std::string_view bytes) {
  const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
  const std::size_t dot = name.rfind('.');
  return fmt::format("/static/{}-{:016x}{}", name.substr(0, dot), content_hash(bytes),
                     name.substr(dot));
}

std::vector<Asset> all_assets() {
  std::vector<Asset> all;
  for (const auto& file : embedded::web()) {
    all.push_back({file.path, hashed_url(file.path, file.bytes), file.bytes});
  }
  std::ranges::sort(all, {}, &Asset::path);
  return all;
}

}  // namespace

std::span<const Asset> assets() {
  static const std::vector<Asset> all = all_assets();
  return all;
}

const std::string& asset_url(std::string_view path) {
  const auto found = std::ranges::find(assets(), path, &Asset::path);
  if (found == assets().end()) throw std::logic_error(fmt::format("no asset {}", path));
  return found->url;
}

}  // namespace stampede::views
