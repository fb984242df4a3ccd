#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "controllers/clock.h"
#include "controllers/console/operator_guard.h"
#include "controllers/event_streams.h"
#include "services/live/sale_sampler.h"
#include "telemetry/metrics.h"
#include "views/console/live_pages.h"

namespace stampede::controllers {

/// A sale while it is on, and its report afterwards:
///   GET /sales/{id}/live          the page
///   GET /sales/{id}/live/events   what it shows, as Server-Sent Events: `history` once, `sample`
///                                 each second, `over` and the end when the sale is no more watched
///   GET /sales/{id}/units         where every unit is, as JSON
///   GET /sales/{id}/report        a page to be printed
/// Thread-safe, but send_samples() is for one thread. The services outlive it.
class LiveController {
 public:
  struct Services {
    OperatorGuard& guard;
    services::live::SaleSampler& sampler;
    std::function<std::string(ProductId)> product_name;  // thread-safe, may block
    const views::ConsolePages& messages;
    const views::ConsoleLivePages& pages;
  };
  /// Below what may wait for a peer (http::BodyStream), with room for the first samples.
  static constexpr std::size_t kMostHistoryBytes = 48UL * 1024;

  explicit LiveController(const Services& services, Clock clock = read_clocks,
                          const StreamLimit::Limits& viewers = {.in_all = 64, .per_buyer = 8})
      : services_(services), clock_(std::move(clock)), viewers_(viewers) {}

  /// The controller must outlive the router.
  void add_routes(http::Router& router);

  /// Makes the samples of this second and sends them to all viewers. To be called once a second.
  /// Blocks. If the database throws, the streams stay open.
  void send_samples();

  void write_metrics(telemetry::PrometheusText& text) const;

 private:
  /// What an open page follows.
  struct Topic {
    SaleId sale;
    std::string cookie;        // the stream ends when the session of this cookie ends
    bool asked = false;        // the sale was looked for
    bool has_history = false;  // `history` was sent
  };
  using Viewers = EventStreams<Topic>;
  using Viewer = Viewers::Subscriber;
  using Seen = services::live::SaleSampler::Seen;
  /// What is sent to all viewers of one sale, rendered once.
  struct Update {
    bool watched = false;
    std::string history;  // rendered when the first viewer needs it
    std::string sample;   // empty: none of this second
  };

  std::optional<repositories::PositionByHolder> units_of(const http::Request& request) const;
  views::SaleHeading heading_of(const repositories::PositionByHolder& units, Instant now) const;
  http::Response unknown_sale() const;
  http::Response live_page(const http::Request& request, Now now) const;
  http::Response report(const http::Request& request, Now now) const;
  void open_stream(const http::Request& request, UserId user, Now now, http::Responder responder);

  Update update_of(SaleId sale, const std::vector<Seen>& seen) const;
  void send_update(Viewer& viewer, Update& update, Now now);
  void send_history(Viewer& viewer, Update& update, Tick now);
  void end_unless_upcoming(Viewer& viewer, Now now);

  Services services_;
  Clock clock_;
  Viewers viewers_;
};

}  // namespace stampede::controllers
