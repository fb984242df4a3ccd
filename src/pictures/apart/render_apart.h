#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "model/catalog/picture.h"
#include "pictures/render.h"

namespace stampede::pictures {

/// As render(), in a process of its own: this program's file, started with kWorkerWord. What a
/// crafted file does to a decoder, it does to a process that has neither keys nor database nor
/// sockets, that may open nothing, and that ends after 20 s of processor time or 1 GiB of memory.
/// Thread-safe; blocks for up to 60 s. Throws std::system_error if no process can be started.
std::expected<std::vector<Encoded>, std::string> render_apart(std::string_view content,
                                                              PictureFormat format);

/// The first argument of the process; the second is the format's ending.
inline constexpr std::string_view kWorkerWord = "render-picture";
/// All that this process does: reads a picture from standard input, writes the result to standard
/// output, and returns its exit code. `ending`: of the format.
int render_worker(std::string_view ending);

}  // namespace stampede::pictures
