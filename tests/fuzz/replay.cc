// Runs a target once with every file of a folder. A file's name says what becomes of it:
// "accepted-..." or "refused-...".
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace {

namespace fs = std::filesystem;

bool replay(const fs::path& file) {
  const std::string name = file.filename().string();
  const bool wanted = name.starts_with("accepted-");
  if (!wanted && !name.starts_with("refused-")) {
    std::fprintf(stderr, "%s: expected a name that begins with accepted- or refused-\n",
                 file.c_str());
    return false;
  }
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  if (!stream) {
    std::fprintf(stderr, "%s: cannot be read\n", file.c_str());
    return false;
  }
  const auto copy = std::make_unique_for_overwrite<char[]>(bytes.size());
  std::ranges::copy(bytes, copy.get());
  // Said before: if the target aborts, this is the last line.
  std::printf("%s\n", file.c_str());
  std::fflush(stdout);
  const bool accepted = stampede::fuzz::accepts({copy.get(), bytes.size()});
  if (accepted != wanted) {
    std::fprintf(stderr, "%s: is %s\n", file.c_str(), accepted ? "accepted" : "refused");
  }
  return accepted == wanted;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(argv[1])) files.push_back(entry.path());
  std::ranges::sort(files);
  const auto wrong = files.size() - static_cast<std::size_t>(std::ranges::count_if(files, replay));
  std::printf("%zu files, %zu not as their names say\n", files.size(), wrong);
  return files.empty() || wrong > 0 ? 1 : 0;
}
