#include <fmt/core.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <system_error>

#include "app/command_line/cli.h"
#include "model/text/plain_text.h"
#include "pictures/apart/render_apart.h"

int main(int argc, char** argv) {
  try {
    if (argc == 3 && argv[1] == stampede::pictures::kWorkerWord) {
      return stampede::pictures::render_worker(argv[2]);
    }
    const int exit_code = stampede::app::run_cli(argc, argv, STAMPEDE_VERSION);
    // What was printed must have arrived: a full disk behind a pipe is an error too.
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      throw std::system_error(errno, std::generic_category(), "standard output");
    }
    return exit_code;
  } catch (const std::exception& error) {
    fmt::print(stderr, "stampede: {}\n", stampede::visible(error.what(), "\n"));
    return 1;
  }
}
