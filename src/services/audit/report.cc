#include "services/audit/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

namespace stampede::services::audit {
namespace {

std::string_view to_string(Finding::State state) {
  switch (state) {
    case Finding::State::kHolds:
      return "holds";
    case Finding::State::kBroken:
      return "broken";
    case Finding::State::kOpen:
      return "open";
  }
  return "";
}

boost::json::object json_of(const Finding& finding) {
  return {{"invariant", to_string(finding.invariant).substr(0, 2)},
          {"name", to_string(finding.invariant).substr(3)},
          {"state", to_string(finding.state)},
          {"explanation", finding.explanation},
          {"offenders", boost::json::array(finding.offenders.begin(), finding.offenders.end())}};
}

}  // namespace

std::string_view to_string(Invariant invariant) {
  switch (invariant) {
    case Invariant::kConservation:
      return "I1 conservation";
    case Invariant::kNoOversell:
      return "I2 no oversell";
    case Invariant::kNoLoss:
      return "I3 no loss";
    case Invariant::kNoPhantom:
      return "I4 no phantom";
    case Invariant::kNoDouble:
      return "I5 no double";
    case Invariant::kNoUndersell:
      return "I6 no undersell";
    case Invariant::kMoney:
      return "M1 money adds up";
  }
  return "";
}

bool SaleReport::clean() const {
  return std::ranges::none_of(findings,
                              [](const Finding& f) { return f.state == Finding::State::kBroken; });
}

std::string in_words(const SaleReport& report) {
  std::string text = fmt::format("Sale {}: {}\n", report.position.sale.id.value, report.product);
  auto out = std::back_inserter(text);
  for (const PositionLine& line : report.lines) {
    fmt::format_to(out, "  {:<18} {:>12}   {}: {}\n", line.title, line.units,
                   line.balances ? "balances" : "DOES NOT BALANCE", line.statement);
  }
  for (const Finding& finding : report.findings) {
    const std::string_view invariant = to_string(finding.invariant);
    switch (finding.state) {
      case Finding::State::kHolds:
        fmt::format_to(out, "  {:<18} holds\n", invariant);
        break;
      case Finding::State::kOpen:
        fmt::format_to(out, "  {:<18} cannot be told yet: {}\n", invariant, finding.explanation);
        break;
      case Finding::State::kBroken:
        fmt::format_to(out, "  {:<18} BROKEN in sale {}: {}\n", invariant,
                       report.position.sale.id.value, finding.explanation);
        for (const std::string& offender : finding.offenders) {
          fmt::format_to(out, "      {}\n", offender);
        }
        break;
    }
  }
  return text;
}

std::string as_json(std::span<const SaleReport> reports) {
  boost::json::array sales;
  bool clean = true;
  for (const SaleReport& report : reports) {
    clean = clean && report.clean();
    boost::json::array findings;
    for (const Finding& finding : report.findings) findings.push_back(json_of(finding));
    sales.push_back(boost::json::object{{"sale", report.position.sale.id.value},
                                        {"product", report.product},
                                        {"clean", report.clean()},
                                        {"quantity", report.position.sale.quantity},
                                        {"unleased", report.position.sale.unleased},
                                        {"leased_unsold", report.position.leased},
                                        {"active", report.position.sold},
                                        {"failed", report.position.failed},
                                        {"invariants", std::move(findings)}});
  }
  return boost::json::serialize(boost::json::object{{"clean", clean}, {"sales", std::move(sales)}});
}

}  // namespace stampede::services::audit
