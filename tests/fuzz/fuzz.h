#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// What every target in targets/ shares. A target is a program that gives the bytes of a stranger to
// one parser and says what must hold whatever they are. Linked with libfuzzer.cc it looks for bytes
// for which it does not hold; with replay.cc it runs the ones of corpus/ once.
namespace stampede::fuzz {

/// The target: true if the parser accepted these bytes. They lie in memory of just their size, so
/// that the address sanitizer sees a read beyond them.
bool accepts(std::string_view bytes);

/// Ends the process by abort() unless `holds`; `promise` says in words what was to hold.
void require(bool holds, const char* promise);

/// The beginning of an input, where it chooses what the target does with the rest.
class Choices {
 public:
  explicit Choices(std::string_view& bytes) : bytes_(bytes) {}

  /// Takes one byte off the front: 0 to below `count` (1 to 256); 0 if there is none.
  std::size_t below(std::size_t count) {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte % count;
  }

 private:
  std::string_view& bytes_;
};

}  // namespace stampede::fuzz
