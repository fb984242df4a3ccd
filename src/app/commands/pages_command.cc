#include <fmt/format.h>

#include <utility>

#include "app/commands/command_context.h"
#include "app/commands/commands.h"
#include "app/fronts/asset_files.h"
#include "app/fronts/external_challenge.h"
#include "app/site/static_site.h"
#include "controllers/shop/shared_pages.h"
#include "services/purchase/sale_catalog.h"
#include "views/assets.h"
#include "views/pages.h"

namespace stampede::app {
namespace {

/// "/static/shop-00c0ffee.css" → where it lies below the folder.
std::string file_of(std::string_view url) { return std::string(url.substr(1)); }

/// What buyers would be told of the sales now, as the role `web` tells it.
void load_sales(services::purchase::SaleCatalog& sales, CommandContext& context, Now now) {
  sales.load(context.storage().catalog().sales().sales);
  for (const auto& position : context.storage().leases().stock(now.wall)) {
    sales.note_position(position, now);
  }
}

Done put_picture(StaticSite& site, CommandContext& context, const std::string& name) {
  const auto content = context.storage().pictures().content(name);
  if (!content) {
    return std::unexpected(
        fmt::format("picture {} was removed meanwhile; run `stampede pages` again", name));
  }
  site.put("pictures/" + name, *content);
  return {};
}

Done put_pictures(StaticSite& site, CommandContext& context, const std::vector<Product>& products) {
  for (const Product& product : products) {
    for (const Picture& picture : product.pictures) {
      if (const Done done = put_picture(site, context, picture.name); !done) return done;
      for (const PictureFile& version : picture.versions) {
        if (const Done done = put_picture(site, context, version.name); !done) return done;
      }
    }
  }
  return {};
}

/// The very documents that the server answers with.
void put_pages(StaticSite& site, CommandContext& context, const Config& config,
               std::vector<Product> products) {
  const Now now = read_clocks();
  services::purchase::SaleCatalog sales;
  load_sales(sales, context, now);
  const views::Pages pages(views::asset_url, challenge_on_pages(config));
  controllers::SharedPages shared_pages(pages);
  std::vector<ProductId> ids;
  for (const Product& product : products) ids.push_back(product.id);
  shared_pages.load(std::move(products));
  for (const ProductId id : ids) {
    const auto document = shared_pages.product(id, sales.view(id, now));
    site.put(fmt::format("product/{}/index.html", id.value), *document.value().html);
  }
  site.put("index.html", *shared_pages.sales(sales.views(now)).html);
  site.put("404.html", pages.message({"Nothing here", "There is no page at this address."}));
}

}  // namespace

Done write_pages(const Config& config, const PagesOptions& options) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  auto site = StaticSite::open(options.out);
  if (!site) return std::unexpected(site.error());
  auto products = context.storage().catalog().products();
  for (const views::Asset& asset : views::assets()) site->put(file_of(asset.url), asset.bytes);
  site->put(file_of(kOpenApiPath), openapi_document());
  if (const Done done = put_pictures(*site, context, products); !done) return done;
  put_pages(*site, context, config, std::move(products));
  const auto totals =
      site->publish(options.prune ? StaticSite::Older::kRemove : StaticSite::Older::kKeep);
  fmt::print("{} files, {} bytes, {} of them new or changed; {} older ones removed\n", totals.files,
             totals.bytes, totals.changed, totals.removed);
  return {};
}

}  // namespace stampede::app
