#include "controllers/pictures_controller.h"

#include <fmt/core.h>

#include <memory>
#include <string>
#include <utility>

#include "controllers/background.h"
#include "http/server/handlers/static_files.h"

namespace stampede::controllers {
namespace {

using services::catalog::format_of_name;

http::Response unknown_picture() {
  http::Response response =
      http::problem(404, "unknown-picture", "There is no picture of this name.");
  response.with("Cache-Control", "no-store");
  return response;
}

/// `name` is a picture's.
http::Response answer(const http::Request& request, std::string_view name,
                      std::shared_ptr<const std::string> content) {
  http::Response response =
      http::cacheable(request, std::move(content), media_type_of(*format_of_name(name)),
                      fmt::format("\"{}\"", name), "public, max-age=31536000, immutable");
  response.with("Content-Security-Policy", "default-src 'none'; sandbox");
  return response;
}

}  // namespace

void PicturesController::add_routes(http::Router& router, concurrency::WorkerPool& pool) {
  router.get("/pictures/{name}", [this, &pool](http::Request& request, http::Responder responder) {
    const auto name = request.path_parameters[0];
    if (!shown(name)) return responder(unknown_picture());
    if (auto kept = cache_.find(name)) return responder(answer(request, name, std::move(kept)));
    answer_from(pool, std::move(responder), [this, &request] { return picture(request); });
  });
}

void PicturesController::load(std::span<const Product> products) {
  std::set<std::string> names;
  for (const Product& product : products) {
    for (const Picture& picture : product.pictures) {
      names.insert(picture.name);
      for (const PictureFile& version : picture.versions) names.insert(version.name);
    }
  }
  const concurrency::MutexLock lock(mutex_);
  shown_ = std::move(names);
  cache_.keep_only(shown_);
}

bool PicturesController::shown(std::string_view name) {
  const concurrency::MutexLock lock(mutex_);
  return shown_.contains(std::string(name));
}

http::Response PicturesController::picture(const http::Request& request) {
  const std::string name(request.path_parameters[0]);
  if (auto kept = cache_.find(name)) return answer(request, name, std::move(kept));
  if (!format_of_name(name)) return unknown_picture();
  auto content = pictures_->content(name);
  if (!content) return unknown_picture();
  const auto shared = std::make_shared<const std::string>(*std::move(content));
  cache_.put(name, shared);
  return answer(request, name, shared);
}

}  // namespace stampede::controllers
