#include "http/server/handlers/static_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "http/text.h"

namespace stampede::http {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kContentTypes{{
    {".css", "text/css; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".ico", "image/x-icon"},
    {".jpg", "image/jpeg"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".png", "image/png"},
    {".svg", "image/svg+xml"},
    {".txt", "text/plain; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
    {".webp", "image/webp"},
    {".woff", "font/woff"},
    {".woff2", "font/woff2"},
    {".avif", "image/avif"},
}};

std::string_view content_type_of(std::string_view path) {
  for (const auto& [ending, type] : kContentTypes) {
    if (path.ends_with(ending)) {
      return type;
    }
  }
  throw std::invalid_argument(
      fmt::format("static file '{}': no content type for its ending", path));
}

/// If-None-Match compares weakly (RFC 9110, 13.1.2).
bool lists(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    std::string_view listed = trimmed(cut_front(if_none_match, ','));
    if (listed.starts_with("W/")) {
      listed.remove_prefix(2);
    }
    if (listed == etag || listed == "*") {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string entity_tag(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a: our own files, so no one crafts a collision
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return fmt::format("\"{:016x}-{:x}\"", hash, bytes.size());
}

Response cacheable(const Request& request, std::shared_ptr<const std::string> body,
                   std::string_view content_type, std::string_view etag,
                   std::string_view cache_control) {
  Response response;
  if (lists(request.header("if-none-match"), etag)) {
    response.status = 304;
  } else {
    response.content_type = content_type;
    response.shared_body = std::move(body);
  }
  response.with("ETag", std::string(etag)).with("Cache-Control", std::string(cache_control));
  return response;
}

void StaticFiles::add(std::string path, std::string_view bytes, Kept kept) {
  const std::string_view type = content_type_of(path);
  files_.push_back({std::move(path), std::make_shared<const std::string>(bytes), type,
                    entity_tag(bytes),
                    kept == Kept::kForGood ? "public, max-age=31536000, immutable" : "no-cache"});
}

void StaticFiles::mount(Router& router) const {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    router.get(files_[i].path, [this, i](Request& request, Responder respond) {
      const File& file = files_[i];
      respond(cacheable(request, file.body, file.content_type, file.etag, file.cache_control));
    });
  }
}

}  // namespace stampede::http
