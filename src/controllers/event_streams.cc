#include "controllers/event_streams.h"

#include <fmt/format.h>

#include <functional>

namespace stampede::controllers {
namespace {

constexpr std::size_t kEarliestRetryMs = 1'000;
constexpr std::size_t kRetrySpreadMs = 2'000;

http::Response stream_head() {
  http::Response head;
  head.content_type = "text/event-stream";
  head.with("Cache-Control", "no-store")
      .with("X-Accel-Buffering", "no");  // nginx would keep events until its buffer is full
  return head;
}

}  // namespace

std::string event_text(std::string_view name, std::string_view data) {
  return fmt::format("event: {}\ndata: {}\n\n", name, data);
}

EventStream::EventStream(StreamLimit::Place place, http::Responder responder, std::string_view page,
                         Tick now)
    : place_(std::move(place)),
      stream_(responder.stream_from_anywhere(stream_head())),
      began_(now),
      last_sent_(now) {
  const std::size_t spread = std::hash<std::string_view>{}(page) % kRetrySpreadMs;
  stream_.write(fmt::format("retry: {}\n\n", kEarliestRetryMs + spread));
}

void EventStream::send(std::string_view event, Tick now) {
  stream_.write(event);
  last_sent_ = now;
}

void EventStream::keep_alive(Tick now) {
  if (now - last_sent_ >= kKeepAlive) send(": keep-alive\n\n", now);
}

}  // namespace stampede::controllers
