#include "app/process/full_disk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "app/process/from_config.h"
#include "app/process/role.h"
#include "http/server/server.h"
#include "telemetry/log.h"

namespace stampede::app {
namespace {

constexpr std::chrono::milliseconds kPeriod{1'000};
constexpr off_t kRoomBytes = 1 << 20;

http::Response refusal(std::string_view detail) {
  return std::move(http::problem(503, "not-ready", detail)
                       .with("Retry-After", "1")
                       .with("Cache-Control", "no-store"));
}

/// Tries to allocate a file of that size: the free space that a disk reports is not what a file
/// gets.
bool has_room(const std::filesystem::path& dir) {
  const std::filesystem::path path = dir / "room";
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const bool room = posix_fallocate(file, 0, kRoomBytes) == 0;
  close(file);
  unlink(path.c_str());
  return room;
}

}  // namespace

bool refuse_until_room(const Config& config, const ListenerTls& tls, const std::string& reason) {
  telemetry::log_error("the disk is full: answering 503 until it has room", "reason=\"{}\"",
                       reason);
  http::Router shop_router;
  shop_router.otherwise([](http::Request&, http::Responder responder) {
    responder(refusal("The shop cannot store orders now; nothing was taken."));
  });
  http::Router console_router;
  console_router.get("/healthz", [](http::Request&, http::Responder responder) {
    responder(http::json(200, R"({"status":"alive"})"));
  });
  console_router.otherwise([&reason](http::Request&, http::Responder responder) {
    responder(refusal(fmt::format("The disk is full: {}", reason)));
  });
  http::Server shop(public_listener(config, tls.shop()), shop_router);
  http::Server console(console_listener(config, tls.console()), console_router);
  shop.start();
  console.start();
  fmt::print("shop {}\nconsole {}\nfull\n", shop.url(), console.url());
  std::fflush(stdout);
  bool room = false;
  while (!room && !ending_within(kPeriod)) room = has_room(config.data.dir);
  shop.drain();
  console.drain();
  if (room) telemetry::log_info("the disk has room again: starting");
  return room;
}

}  // namespace stampede::app
