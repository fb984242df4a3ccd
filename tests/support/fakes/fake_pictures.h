#pragma once

#include <atomic>
#include <cstddef>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repositories/catalog/pictures.h"

namespace stampede::test_support {

/// Pictures without a database: the contents that a test puts there. content() is thread-safe.
class FakePictures final : public repositories::Pictures {
 public:
  /// What every added picture is called, and the one that can be removed.
  static constexpr PictureId kId{7};

  std::expected<PictureId, repositories::AddPictureError> add(ProductId, const Picture& picture,
                                                              std::span<const std::string> bytes,
                                                              std::size_t most, Instant) override {
    if (refused) return std::unexpected(*refused);
    added = picture;
    added_contents.assign(bytes.begin(), bytes.end());
    at_most = most;
    return kId;
  }
  bool remove(ProductId, PictureId picture) override { return picture == kId; }
  std::optional<std::string> content(std::string_view name) override {
    ++asked;
    if (before_content) before_content();
    const auto found = contents.find(name);
    return found == contents.end() ? std::nullopt : std::optional(found->second);
  }

  std::optional<repositories::AddPictureError> refused;  // of add()
  std::optional<Picture> added;                          // the last one
  std::vector<std::string> added_contents;               // its own, then of its versions
  std::size_t at_most = 0;                               // as add() was told

  // To be set before content() is called.
  std::map<std::string, std::string, std::less<>> contents;  // by name
  std::function<void()> before_content;
  std::atomic<int> asked = 0;  // calls of content()
};

}  // namespace stampede::test_support
