#include "views/console/live_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "views/console/line_chart.h"
#include "views/format.h"
#include "views/page_templates.h"

namespace stampede::views {
namespace {

using kainjow::mustache::data;

/// 1234567 → "1,234,567"
std::string grouped(std::int64_t number) {
  const std::string digits = std::to_string(std::abs(number));
  std::string text = number < 0 ? "-" : "";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string per_second(double rate) {
  if (rate < 10) return fmt::format("{:.1f}", rate);
  return grouped(static_cast<std::int64_t>(rate + 0.5));
}

/// 1234 → "1.2 ms"
std::string in_words(std::optional<std::int64_t> microseconds) {
  if (!microseconds) return "–";
  const auto us = static_cast<double>(*microseconds);
  if (us < 1'000) return fmt::format("{} µs", *microseconds);
  if (us < 1'000'000) return fmt::format("{:.1f} ms", us / 1e3);
  return fmt::format("{:.2f} s", us / 1e6);
}

/// "1 h 02 min 03 s"
std::string in_words(std::chrono::milliseconds time) {
  const auto whole = std::chrono::round<std::chrono::seconds>(time);
  const std::chrono::hh_mm_ss parts{whole};
  const auto seconds = parts.seconds().count();
  if (parts.hours().count() > 0) {
    return fmt::format("{} h {:02} min {:02} s", parts.hours().count(), parts.minutes().count(),
                       seconds);
  }
  if (parts.minutes().count() > 0) {
    return fmt::format("{} min {:02} s", parts.minutes().count(), seconds);
  }
  return fmt::format("{} s", seconds);
}

std::string in_words(SaleStatus status) {
  switch (status) {
    case SaleStatus::kUpcoming:
      return "Upcoming";
    case SaleStatus::kOn:
      return "On sale";
    case SaleStatus::kSoldOut:
      return "Sold out";
    case SaleStatus::kEnded:
      return "Ended";
  }
  return "";
}

data time_of(Instant instant) {
  data values;
  values.set("instant", format_rfc3339(instant));
  values.set("words", format_time(instant));
  return values;
}

data time_of(std::optional<Instant> instant) { return instant ? time_of(*instant) : data{false}; }

void put_heading(data& values, const SaleHeading& heading) {
  const Sale& sale = heading.sale;
  values.set("sale", std::to_string(sale.id.value));
  values.set("product", heading.product_name);
  values.set("status", std::string(to_string(heading.status)));
  values.set("status_words", in_words(heading.status));
  values.set("starts_at", time_of(sale.starts_at));
  values.set("ends_at", time_of(sale.ends_at));
  values.set("price", format_price(sale.price_cents));
  values.set("limit", std::to_string(sale.per_buyer_limit));
  values.set("captcha", sale.captcha ? "asked for" : "not asked for");
}

data row_of(const LeasedByNode& leased) {
  data row;
  row.set("name", leased.node.empty() ? "this server" : leased.node);
  row.set("state", leased.state == LeaseState::kFenced ? "closing" : "selling");
  row.set("granted", grouped(leased.granted));
  row.set("sold", grouped(leased.sold));
  row.set("unsold", grouped(leased.unsold()));
  return row;
}

void put_units(data& values, const UnitsTable& units) {
  const auto put = [&](const char* name, std::int64_t number) {
    values.set(name, grouped(number));
  };
  const SalePosition& position = units.position;
  put("quantity", position.sale.quantity);
  put("unleased", position.sale.unleased);
  put("leased_unsold", position.leased);
  put("sold", position.sold);
  put("failed", position.failed);
  put("sum", position.accounted());
  values.set("balanced", data{position.balanced()});
  data holders{data::type::list};
  for (const auto& leased : units.leased_by_node) holders << row_of(leased);
  values.set("holders", holders);
}

data peak_of(const ReportPage::Peak& peak) {
  if (peak.per_second == 0) return data{false};
  data values = time_of(peak.at);
  values.set("rate", per_second(peak.per_second));
  return values;
}

data answers_of(const std::vector<ReportPage::Answer>& answers) {
  std::int64_t all = 0;
  for (const auto& answer : answers) all += answer.count;
  data rows{data::type::list};
  for (const auto& [kind, count] : answers) {
    data row;
    row.set("kind", kind);
    row.set("count", grouped(count));
    row.set("share",
            fmt::format("{:.1f} %", 100.0 * static_cast<double>(count) / static_cast<double>(all)));
    rows << row;
  }
  return rows;
}

/// Sold units against the seconds since the start of the sale.
data chart_of(const ReportPage& page) {
  const Instant start = page.heading.sale.starts_at;
  std::vector<LinePoint> points;
  for (const auto& [at, sold] : page.course) {
    const auto since = std::chrono::duration<double>(at - start).count();
    points.push_back({std::max(0.0, since), static_cast<double>(sold)});
  }
  if (points.empty()) return data{false};
  const LineChart chart = draw_line(points, static_cast<double>(page.units.position.sale.quantity));
  data values;
  values.set("points", chart.points);
  const auto ticks = [](const std::vector<LineChart::Tick>& all, const auto& words) {
    data rows{data::type::list};
    for (const auto& tick : all) {
      data row;
      row.set("place", fmt::format("{:.1f}", tick.place));
      row.set("words", words(tick.value));
      rows << row;
    }
    return rows;
  };
  values.set("across", ticks(chart.across, [](double seconds) {
               return in_words(std::chrono::milliseconds{std::llround(seconds * 1e3)});
             }));
  values.set("up", ticks(chart.up, [](double units) { return grouped(std::llround(units)); }));
  return values;
}

}  // namespace

std::string ConsoleLivePages::live(const LivePage& page) const {
  data values;
  put_heading(values, page.heading);
  put_units(values, page.units);
  return templates_->render("live", fmt::format("Live: {}", page.heading.product_name), values);
}

std::string ConsoleLivePages::report(const ReportPage& page) const {
  data values;
  put_heading(values, page.heading);
  put_units(values, page.units);
  values.set("made_at", time_of(page.made_at));
  values.set("revenue", format_price(page.units.position.sold * page.heading.sale.price_cents));
  values.set("sold_out_at", time_of(page.sold_out_at));
  if (page.sold_out_at) {
    const auto took =
        std::max(std::chrono::milliseconds{0}, *page.sold_out_at - page.heading.sale.starts_at);
    values.set("sold_out_after", in_words(took));
  }
  values.set("peak_attempts", peak_of(page.attempts));
  values.set("peak_sold", peak_of(page.sold));
  values.set("most_queued", grouped(page.most_queued));
  values.set("any_answers", data{!page.answers.empty()});
  values.set("answers", answers_of(page.answers));
  values.set("p50", in_words(page.p50));
  values.set("p95", in_words(page.p95));
  values.set("p99", in_words(page.p99));
  values.set("chart", chart_of(page));
  return templates_->render("report", fmt::format("Report: {}", page.heading.product_name), values);
}

}  // namespace stampede::views
