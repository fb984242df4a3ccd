#include "repositories/sql/catalog/pictures.h"

#include <fmt/format.h>
#include <soci/soci.h>
#include <sodium.h>

#include "model/check.h"
#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {
namespace {

constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;

std::string to_base64(std::string_view bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), kVariant);
  text.pop_back();  // the NUL
  return text;
}

std::string from_base64(const std::string& name, const std::string& text) {
  std::string bytes(text.size(), '\0');
  std::size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &size, nullptr, kVariant) != 0) {
    throw StorageError(StorageError::Kind::kOther,
                       fmt::format("the content of picture {} is not base64, as every stampede "
                                   "writes it",
                                   name));
  }
  bytes.resize(size);
  return bytes;
}

int count(soci::session& session, ProductId product, const std::string& name) {
  int found = 0;
  session << "SELECT COUNT(*) FROM pictures WHERE product = :product AND name = :name",
      soci::use(product.value), soci::use(name), soci::into(found);
  return found;
}

void insert_version(soci::session& session, PictureId picture, const PictureFile& version,
                    std::string_view content) {
  const auto bytes = static_cast<std::int64_t>(content.size());
  session << "INSERT INTO picture_versions (picture, name, width, height, bytes) "
             "VALUES (:picture, :name, :width, :height, :bytes)",
      soci::use(picture.value), soci::use(version.name), soci::use(version.width),
      soci::use(version.height), soci::use(bytes);
  long long id = 0;
  session.get_last_insert_id("picture_versions", id);
  const std::string base64 = to_base64(content);
  session << "INSERT INTO picture_version_contents (version, base64) VALUES (:version, :base64)",
      soci::use(id), soci::use(base64);
}

PictureId insert(soci::session& session, ProductId product, const Picture& picture,
                 std::span<const std::string> contents, Instant now) {
  const std::string& content = contents.front();
  const auto bytes = static_cast<std::int64_t>(content.size());
  const auto created_at = to_column(now);
  session << "INSERT INTO pictures (product, name, width, height, bytes, alt, created_at) "
             "VALUES (:product, :name, :width, :height, :bytes, :alt, :created_at)",
      soci::use(product.value), soci::use(picture.name), soci::use(picture.width),
      soci::use(picture.height), soci::use(bytes), soci::use(picture.alt), soci::use(created_at);
  long long id = 0;
  session.get_last_insert_id("pictures", id);
  const std::string base64 = to_base64(content);
  session << "INSERT INTO picture_contents (picture, base64) VALUES (:picture, :base64)",
      soci::use(id), soci::use(base64);
  for (std::size_t i = 0; i < picture.versions.size(); ++i) {
    insert_version(session, {id}, picture.versions[i], contents[i + 1]);
  }
  return {id};
}

/// "" for an unknown name; no content is empty.
std::string find_base64(soci::session& session, const std::string& name) {
  std::string base64;
  session << "SELECT c.base64 FROM pictures p JOIN picture_contents c ON c.picture = p.id "
             "WHERE p.name = :name ORDER BY p.id LIMIT 1",
      soci::use(name), soci::into(base64);
  if (session.got_data()) return base64;
  session << "SELECT c.base64 FROM picture_versions v "
             "JOIN picture_version_contents c ON c.version = v.id "
             "WHERE v.name = :name ORDER BY v.id LIMIT 1",
      soci::use(name), soci::into(base64);
  return session.got_data() ? base64 : "";
}

}  // namespace

std::expected<PictureId, AddPictureError> SqlPictures::add(ProductId product,
                                                           const Picture& picture,
                                                           std::span<const std::string> contents,
                                                           std::size_t most, Instant now) {
  STAMPEDE_CHECK(contents.size() == picture.versions.size() + 1,
                 "a picture was stored without the content of one of its versions");
  using Result = std::expected<PictureId, AddPictureError>;
  return database_.write([&](soci::session& session) -> Result {
    std::int64_t id = 0;
    // Locks the product, so that of two operators who add pictures at once the second counts the
    // first one's.
    session << fmt::format("SELECT id FROM products WHERE id = :id{}",
                           database_.dialect().for_update()),
        soci::use(product.value), soci::into(id);
    if (!session.got_data()) return std::unexpected(AddPictureError::kUnknownProduct);
    if (count(session, product, picture.name) != 0) {
      return std::unexpected(AddPictureError::kThereAlready);
    }
    std::size_t pictures = 0;
    session << "SELECT COUNT(*) FROM pictures WHERE product = :product", soci::use(product.value),
        soci::into(pictures);
    if (pictures >= most) return std::unexpected(AddPictureError::kTooMany);
    raise_revision(session, kCatalogRevision);
    return insert(session, product, picture, contents, now);
  });
}

bool SqlPictures::remove(ProductId product, PictureId picture) {
  return database_.write([&](soci::session& session) {
    soci::statement remove =
        (session.prepare << "DELETE FROM pictures WHERE id = :id AND product = :product",
         soci::use(picture.value), soci::use(product.value));
    remove.execute(true);
    if (remove.get_affected_rows() != 1) return false;
    session << "DELETE FROM picture_contents WHERE picture = :picture", soci::use(picture.value);
    session << "DELETE FROM picture_version_contents WHERE version IN "
               "(SELECT id FROM picture_versions WHERE picture = :picture)",
        soci::use(picture.value);
    session << "DELETE FROM picture_versions WHERE picture = :picture", soci::use(picture.value);
    raise_revision(session, kCatalogRevision);
    return true;
  });
}

std::optional<std::string> SqlPictures::content(std::string_view name) {
  const std::string its_name(name);
  const std::string base64 =
      database_.read([&](soci::session& session) { return find_base64(session, its_name); });
  if (base64.empty()) return std::nullopt;
  return from_base64(its_name, base64);
}

}  // namespace stampede::repositories::sql
