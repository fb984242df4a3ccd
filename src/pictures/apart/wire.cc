#include "pictures/apart/wire.h"

#include <cstdint>
#include <utility>

#include "model/text/plain_text.h"
#include "model/text/utf8.h"

namespace stampede::pictures {
namespace {

constexpr char kFiles = 'F';
constexpr char kRefusal = 'R';
constexpr std::size_t kLongestRefusal = 500;

/// In four bytes, the lowest first.
void put(std::string& bytes, std::size_t number) {
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(number >> shift);
}

std::optional<std::uint32_t> take(std::string_view& bytes) {
  if (bytes.size() < 4) return std::nullopt;
  std::uint32_t number = 0;
  for (std::size_t i = 4; i-- > 0;) number = (number << 8) | static_cast<unsigned char>(bytes[i]);
  bytes.remove_prefix(4);
  return number;
}

std::optional<Encoded> take_file(std::string_view& bytes) {
  const auto format = take(bytes);
  const auto width = take(bytes);
  const auto height = take(bytes);
  const auto size = take(bytes);
  constexpr auto kLargest = static_cast<std::uint32_t>(kSizes.front());
  const auto is_side = [](std::uint32_t side) { return side >= 1 && side <= kLargest; };
  if (!size || *size == 0 || *size > bytes.size() || !is_side(*width) || !is_side(*height)) {
    return std::nullopt;
  }
  const bool jpeg = *format == static_cast<std::uint32_t>(PictureFormat::kJpeg);
  if (!jpeg && *format != static_cast<std::uint32_t>(PictureFormat::kWebp)) return std::nullopt;
  Encoded file{jpeg ? PictureFormat::kJpeg : PictureFormat::kWebp,
               static_cast<std::int32_t>(*width), static_cast<std::int32_t>(*height),
               std::string(bytes.substr(0, *size))};
  bytes.remove_prefix(*size);
  return file;
}

}  // namespace

std::string to_wire(const Rendered& rendered) {
  if (!rendered) return kRefusal + rendered.error().substr(0, kLongestRefusal);
  std::string bytes(1, kFiles);
  for (const Encoded& file : *rendered) {
    put(bytes, static_cast<std::size_t>(file.format));
    put(bytes, static_cast<std::size_t>(file.width));
    put(bytes, static_cast<std::size_t>(file.height));
    put(bytes, file.bytes.size());
    bytes += file.bytes;
  }
  return bytes;
}

std::optional<Rendered> from_wire(std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  const char kind = bytes.front();
  bytes.remove_prefix(1);
  if (kind == kRefusal) {
    const bool sentence =
        !bytes.empty() && bytes.size() <= kLongestRefusal && is_utf8(bytes) && !find_control(bytes);
    if (!sentence) return std::nullopt;
    return Rendered(std::unexpect, bytes);
  }
  if (kind != kFiles) return std::nullopt;
  std::vector<Encoded> files;
  while (!bytes.empty()) {
    auto file = take_file(bytes);
    if (!file || files.size() == 2 * kSizes.size()) return std::nullopt;
    files.push_back(*std::move(file));
  }
  if (files.empty()) return std::nullopt;
  return files;
}

}  // namespace stampede::pictures
