#include "app/backup/backup_manifest.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <exception>

namespace stampede::app {
namespace {

namespace json = boost::json;

constexpr std::int64_t kFormat = 1;

json::object json_of(const Fingerprint& file) {
  return {{"bytes", file.bytes}, {"sha256", file.sha256}};
}

Fingerprint fingerprint_from(const json::value& value) {
  return {.bytes = value.at("bytes").as_int64(),
          .sha256 = std::string(value.at("sha256").as_string())};
}

}  // namespace

std::string in_words(const BackupManifest::AuditedCopy& audited) {
  return fmt::format("{} order{} of {} sale{}{}", audited.orders, audited.orders == 1 ? "" : "s",
                     audited.sales, audited.sales == 1 ? "" : "s",
                     audited.clean ? "" : ", which do not balance");
}

std::string as_json(const BackupManifest& manifest) {
  return json::serialize(json::object{{"format", kFormat},
                                      {"created_at", format_rfc3339(manifest.created_at)},
                                      {"schema", manifest.schema},
                                      {"database", json_of(manifest.database)},
                                      {"keys", json_of(manifest.keys)},
                                      {"sales", manifest.audited.sales},
                                      {"orders", manifest.audited.orders},
                                      {"clean", manifest.audited.clean}}) +
         "\n";
}

std::expected<BackupManifest, std::string> parse_backup_manifest(std::string_view text) {
  try {
    const json::value value = json::parse({text.data(), text.size()});
    if (const std::int64_t format = value.at("format").as_int64(); format != kFormat) {
      return std::unexpected(fmt::format(
          "is of format {}, written by a newer stampede; this one knows {}", format, kFormat));
    }
    const auto created_at = parse_rfc3339(std::string(value.at("created_at").as_string()));
    if (!created_at) return std::unexpected("has no time of its making in created_at");
    return BackupManifest{.created_at = *created_at,
                          .schema = value.at("schema").as_int64(),
                          .database = fingerprint_from(value.at("database")),
                          .keys = fingerprint_from(value.at("keys")),
                          .audited = {.sales = value.at("sales").as_int64(),
                                      .orders = value.at("orders").as_int64(),
                                      .clean = value.at("clean").as_bool()}};
  } catch (const std::exception& error) {  // Boost.JSON throws another one for each mistake
    return std::unexpected(fmt::format(
        "cannot be read ({}); expected the file as `stampede backup` wrote it", error.what()));
  }
}

}  // namespace stampede::app
