#include "app/fronts/asset_files.h"

#include "embedded/api.h"
#include "views/assets.h"

namespace stampede::app {

http::StaticFiles asset_files() {
  http::StaticFiles files;
  for (const views::Asset& asset : views::assets()) {
    files.add(asset.url, asset.bytes, http::StaticFiles::Kept::kForGood);
  }
  return files;
}

std::string_view openapi_document() { return embedded::api().front().bytes; }

}  // namespace stampede::app
