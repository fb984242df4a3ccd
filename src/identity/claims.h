#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stampede::identity {

/// Writes claims for a sealed token in a compact binary form, to be read back in the same order.
class ClaimWriter {
 public:
  ClaimWriter& integer(std::int64_t number) {
    for (int shift = 0; shift < 64; shift += 8) {
      bytes_ += static_cast<char>(static_cast<std::uint64_t>(number) >> shift & 0xFF);
    }
    return *this;
  }
  /// At most 255 bytes.
  ClaimWriter& text(std::string_view characters) {
    bytes_ += static_cast<char>(characters.size());
    bytes_ += characters;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Reads claims. After a claim that is not there, all others read as 0 and empty, and complete()
/// is false. `bytes` must outlive it and the texts it gives.
class ClaimReader {
 public:
  explicit ClaimReader(std::string_view bytes) : rest_(bytes) {}

  std::int64_t integer() {
    std::uint64_t number = 0;
    const std::string_view bytes = take(sizeof number);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      number |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    }
    return static_cast<std::int64_t>(number);
  }
  std::string_view text() {
    const std::string_view size = take(1);
    return size.empty() ? size : take(static_cast<unsigned char>(size.front()));
  }
  /// True if every claim was there and nothing is left.
  bool complete() const { return !missing_ && rest_.empty(); }

 private:
  std::string_view take(std::size_t size) {
    missing_ = missing_ || rest_.size() < size;
    if (missing_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool missing_ = false;
};

}  // namespace stampede::identity
