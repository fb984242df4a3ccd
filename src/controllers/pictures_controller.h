#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "concurrency/mutex.h"
#include "concurrency/worker_pool.h"
#include "http/server/handlers/router.h"
#include "model/catalog/product.h"
#include "services/catalog/picture_cache.h"
#include "services/catalog/pictures.h"

namespace stampede::controllers {

/// GET /pictures/{name}: the pictures of products. An address names its content, so caches never
/// ask again, and what was uploaded is never taken for anything but a picture. Thread-safe; what it
/// is given outlives it.
class PicturesController {
 public:
  explicit PicturesController(services::catalog::Pictures& pictures) : pictures_(&pictures) {}

  /// For everybody: what a product shows, from memory or by `pool` from the database. Both must
  /// outlive the router.
  void add_routes(http::Router& router, concurrency::WorkerPool& pool);
  /// The products as the database has them. Names that no product shows are answered 404 without
  /// asking the database.
  void load(std::span<const Product> products);

  /// Whatever the database has, for operators; blocks.
  http::Response picture(const http::Request& request);

 private:
  bool shown(std::string_view name);

  static constexpr std::size_t kMostBytesKept = 64UL * 1024 * 1024;

  services::catalog::Pictures* pictures_;
  services::catalog::PictureCache cache_{kMostBytesKept};
  concurrency::Mutex mutex_;
  std::set<std::string> shown_ STAMPEDE_GUARDED_BY(mutex_);  // the names of all products' pictures
};

}  // namespace stampede::controllers
