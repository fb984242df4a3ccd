#include "app/site/gzip.h"

#include <zlib.h>

#include <limits>
#include <new>
#include <stdexcept>

namespace stampede::app {

std::string gzip(std::string_view bytes) {
  constexpr int kGzipFormat = 15 + 16;  // the widest window, and a gzip header
  constexpr int kMostMemory = 9;
  if (bytes.size() > std::numeric_limits<uInt>::max()) throw std::length_error("gzip: over 4 GiB");
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipFormat, kMostMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string packed(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  // zlib writes through neither pointer's constness.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int status = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw std::logic_error("gzip: the bound was too small");
  return packed;
}

}  // namespace stampede::app
