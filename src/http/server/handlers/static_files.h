#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/server/handlers/router.h"

namespace stampede::http {

/// A strong entity tag of these bytes, with its quotes: a hash, the same in every process.
std::string entity_tag(std::string_view bytes);

/// 200 with `body`, or 304 if the request's If-None-Match has `etag` already. `content_type` is a
/// literal.
Response cacheable(const Request& request, std::shared_ptr<const std::string> body,
                   std::string_view content_type, std::string_view etag,
                   std::string_view cache_control);

/// A fixed set of files, served from memory. Filled before the server starts, then read-only; must
/// outlive the router's use.
class StaticFiles {
 public:
  enum class Kept {
    kForGood,    // its address names its content: caches never ask again
    kWithAsking  // caches ask each time, and mostly hear 304
  };
  /// `path` like "/static/shop.css"; its ending gives the content type (std::invalid_argument for
  /// one that is not known).
  void add(std::string path, std::string_view bytes, Kept kept);
  /// Adds a GET route for each file.
  void mount(Router& router) const;

 private:
  struct File {
    std::string path;
    std::shared_ptr<const std::string> body;
    std::string_view content_type;
    std::string etag;
    std::string_view cache_control;
  };
  std::vector<File> files_;
};

}  // namespace stampede::http
