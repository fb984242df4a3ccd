#include <fmt/format.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "app/commands/catalog/catalog_commands.h"
#include "app/commands/command_context.h"
#include "app/terminal/table.h"
#include "model/text/plain_text.h"
#include "services/catalog/catalog.h"
#include "services/catalog/pictures.h"

namespace stampede::app {
namespace {

using services::catalog::Pictures;

/// One byte more than a picture may have is enough to see that it has too many.
std::optional<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(Pictures::kMostBytes + 1, '\0');
  if (!file.is_open()) return std::nullopt;
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (file.bad() || (file.fail() && !file.eof())) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

}  // namespace

Done add_picture(const Config& config, const PictureAdd& options) {
  const auto bytes = read_file(options.file);
  if (!bytes) {
    return std::unexpected(
        fmt::format("{} cannot be read; expected a file", in_quotes(options.file.string())));
  }
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto picture =
      context.catalog().add_picture(context.who(), options.product, options.alt, *bytes);
  if (!picture) return std::unexpected(picture.error());
  fmt::print("{}\n", picture->id.value);
  return {};
}

Done list_pictures(const Config& config, ProductId product, bool json) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto found = services::catalog::Catalog(context.storage().catalog()).product(product);
  if (!found) {
    return std::unexpected(
        fmt::format("there is no product {}; `stampede product list` shows all", product.value));
  }
  boost::json::array array;
  Table table({"id", "width", "height", "bytes", "name", "alt"});
  for (const Picture& picture : found->pictures) {
    if (json) {
      array.push_back(boost::json::object{{"id", picture.id.value},
                                          {"name", picture.name},
                                          {"width", picture.width},
                                          {"height", picture.height},
                                          {"bytes", picture.bytes},
                                          {"alt", picture.alt}});
    } else {
      table.add({std::to_string(picture.id.value), std::to_string(picture.width),
                 std::to_string(picture.height), std::to_string(picture.bytes), picture.name,
                 picture.alt});
    }
  }
  fmt::print("{}", json ? boost::json::serialize(array) + "\n" : table.text());
  return {};
}

Done remove_picture(const Config& config, ProductId product, PictureId picture) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  return context.catalog().remove_picture(context.who(), product, picture);
}

}  // namespace stampede::app
