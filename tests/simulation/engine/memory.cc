// What the simulation allocates is small, and lives for a moment or as long as its world: it comes
// from lists of free pieces, a list for each size and thread. This replaces operator new of the
// programs that link it; with a sanitizer, which watches memory itself, it does not.
#include <malloc.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "tests/simulation/engine/sanitized.h"

#if !STAMPEDE_SANITIZED
namespace {

constexpr std::size_t kStep = 16;
constexpr std::size_t kLargest = 4096;  // of the sizes that have lists
/// Pieces of one size lie in one block, whose first bytes say which size.
constexpr std::size_t kBlockBytes = 64 * std::size_t{1024};
constexpr std::size_t kHeaderBytes = kStep;
/// Addresses alone: memory is taken as it is written to.
constexpr std::size_t kRegionBytes = std::size_t{64} << 30;

/// By malloc, which allows no more.
constexpr int kKeptBytes = 32 * 1024 * 1024;

struct Piece {
  Piece* next;
};

struct Region {
  std::uintptr_t begin = 0;
  std::atomic<std::size_t> used = 0;

  Region() {
    // What is larger is malloc's: it keeps the memory of one world for the next one, and takes none
    // from the kernel and gives it back each time.
    mallopt(M_TRIM_THRESHOLD, kKeptBytes);
    mallopt(M_MMAP_THRESHOLD, kKeptBytes);
    void* const pages = mmap(nullptr, kRegionBytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) return;
    const auto address = reinterpret_cast<std::uintptr_t>(pages);
    begin = (address + kBlockBytes - 1) & ~(kBlockBytes - 1);
  }
  bool holds(const void* piece) const {
    return begin != 0 &&
           reinterpret_cast<std::uintptr_t>(piece) - begin < kRegionBytes - kBlockBytes;
  }
};

Region& region() {
  static Region region;
  return region;
}

thread_local std::array<Piece*, kLargest / kStep + 1> free_pieces{};

/// nullptr: the region is full.
Piece* fill(std::size_t index) {
  Region& from = region();
  const std::size_t at = from.used.fetch_add(kBlockBytes);
  if (from.begin == 0 || at + 2 * kBlockBytes > kRegionBytes) return nullptr;
  const std::uintptr_t block = from.begin + at;
  *reinterpret_cast<std::size_t*>(block) = index;
  const std::size_t size = index * kStep;
  Piece* next = nullptr;
  for (std::size_t offset = kHeaderBytes; offset + size <= kBlockBytes; offset += size) {
    auto* const piece = reinterpret_cast<Piece*>(block + offset);
    piece->next = next;
    next = piece;
  }
  free_pieces[index] = next;
  return next;
}

void* allocate(std::size_t size) {
  const std::size_t index = (size + kStep - 1) / kStep;
  if (index != 0 && index < free_pieces.size()) {
    Piece* piece = free_pieces[index];
    if (piece == nullptr) piece = fill(index);
    if (piece != nullptr) {
      free_pieces[index] = piece->next;
      return piece;
    }
  }
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void give_back(void* memory) {
  if (!region().holds(memory)) return std::free(memory);
  const auto block = reinterpret_cast<std::uintptr_t>(memory) & ~(kBlockBytes - 1);
  const std::size_t index = *reinterpret_cast<const std::size_t*>(block);
  auto* const piece = static_cast<Piece*>(memory);
  piece->next = free_pieces[index];
  free_pieces[index] = piece;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }
#endif
