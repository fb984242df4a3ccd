#include "services/audit/sale_audit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace stampede::services::audit {
namespace {

struct Totals {
  SalePosition position;
  std::int64_t leases_not_closed = 0;
  Offenders oversold;    // leases with more sold than granted
  Offenders mischarged;  // leases charged for other than their orders
  std::int64_t failed_as_counted = 0;
  std::int64_t given_back = 0;
  std::int64_t returned = 0;
};

Totals add_up(const repositories::AuditedSale& sale) {
  Totals totals;
  totals.position = {.sale = sale.sale, .sold = sale.active, .failed = sale.failed};
  totals.failed_as_counted = sale.failed_as_counted;
  totals.given_back = sale.given_back;
  totals.returned = sale.returned;
  for (const StockLease& lease : sale.leases) {
    if (lease.sold > lease.granted) {
      totals.oversold.add(fmt::format("lease {}: {} sold of {} granted", lease.id.value, lease.sold,
                                      lease.granted));
    }
    if (lease.state == LeaseState::kClosed) continue;
    ++totals.leases_not_closed;
    totals.position.leased += lease.unsold();
  }
  for (const LeaseId lease : sale.mischarged_leases) {
    totals.mischarged.add(fmt::format("lease {}", lease.value));
  }
  return totals;
}

std::vector<PositionLine> lines_of(const Totals& totals) {
  const SalePosition& position = totals.position;
  const std::int64_t oversold = totals.oversold.count();
  const std::int64_t mischarged = totals.mischarged.count();
  return {
      {"units put on sale", position.sale.quantity,
       fmt::format("{} unleased + {} leased, unsold + {} sold = {}", position.sale.unleased,
                   position.leased, position.sold, position.accounted()),
       position.balanced()},
      {"unleased", position.sale.unleased, "not below zero", position.sale.unleased >= 0},
      {"leased, unsold", position.leased,
       oversold == 0 ? fmt::format("in {} leases that are not closed; none sold more than granted",
                                   totals.leases_not_closed)
                     : fmt::format("{} leases sold more than they were granted", oversold),
       oversold == 0},
      {"sold", position.sold,
       mischarged == 0
           ? fmt::format("at most {}, and every lease was charged for its orders",
                         position.sale.quantity)
           : fmt::format("{} leases were charged for other than their orders", mischarged),
       position.sold <= position.sale.quantity && mischarged == 0},
      {"failed", position.failed,
       totals.failed_as_counted == position.failed
           ? "purchases that took no unit"
           : fmt::format("purchases that took no unit; the live view counts {}",
                         totals.failed_as_counted)},
      {"given back", totals.given_back,
       fmt::format("orders cancelled or expired, {} units back in the sale", totals.returned),
       totals.given_back == totals.returned},
  };
}

Finding finding_of(Invariant invariant, const std::vector<std::string>& breaches,
                   std::vector<std::string> offenders) {
  return {.invariant = invariant,
          .state = breaches.empty() ? Finding::State::kHolds : Finding::State::kBroken,
          .explanation = fmt::format("{}", fmt::join(breaches, "; ")),
          .offenders = std::move(offenders)};
}

Finding conservation(Totals& totals) {
  std::vector<std::string> breaches;
  const SalePosition& position = totals.position;
  if (!position.balanced()) {
    breaches.push_back(fmt::format(
        "{} units were put on sale, but {} unleased, {} leased unsold and {} sold make {}",
        position.sale.quantity, position.sale.unleased, position.leased, position.sold,
        position.accounted()));
  }
  if (const auto count = totals.mischarged.count(); count > 0) {
    breaches.push_back(fmt::format("{} leases were charged for other than their orders", count));
  }
  if (totals.given_back != totals.returned) {
    breaches.push_back(fmt::format("{} orders were cancelled or expired, and {} units went back",
                                   totals.given_back, totals.returned));
  }
  return finding_of(Invariant::kConservation, breaches, totals.mischarged.take());
}

Finding no_oversell(Totals& totals) {
  std::vector<std::string> breaches;
  const SalePosition& position = totals.position;
  if (position.sale.unleased < 0)
    breaches.push_back(fmt::format("{} units are unleased", position.sale.unleased));
  if (const auto count = totals.oversold.count(); count > 0) {
    breaches.push_back(fmt::format("{} leases sold more than they were granted", count));
  }
  if (position.sold > position.sale.quantity) {
    breaches.push_back(
        fmt::format("{} of {} units are sold", position.sold, position.sale.quantity));
  }
  return finding_of(Invariant::kNoOversell, breaches, totals.oversold.take());
}

Finding no_double(const repositories::AuditedSale& sale) {
  std::vector<std::string> breaches;
  if (sale.buyers_over_limit > 0) {
    breaches.push_back(fmt::format("{} buyers hold more than {} orders", sale.buyers_over_limit,
                                   sale.sale.per_buyer_limit));
  }
  if (sale.doubled_intents > 0) {
    breaches.push_back(fmt::format("{} keys have more than one order", sale.doubled_intents));
  }
  return finding_of(Invariant::kNoDouble, breaches, {});
}

/// What is there of money, where a sale has any.
std::vector<PositionLine> lines_of_money(const repositories::AuditedSale& sale) {
  const auto of = [](const repositories::Money& money, const char* what) {
    return fmt::format("payments of {} cents in all, {}", money.cents, what);
  };
  return {
      {"paid", sale.kept.payments, of(sale.kept, "each kept by one paid order"), sale.mispaid == 0},
      {"refund due", sale.refund_due.payments, of(sale.refund_due, "which pay no order")},
      {"refunded", sale.refunded.payments, of(sale.refunded, "which went back")}};
}

Finding money_adds_up(const repositories::AuditedSale& sale) {
  std::vector<std::string> breaches;
  if (sale.mispaid > 0) {
    breaches.push_back(fmt::format(
        "{} orders are paid and keep not one payment of that amount, or keep one and are not paid",
        sale.mispaid));
  }
  return finding_of(Invariant::kMoney, breaches, {});
}

bool has_money(const repositories::AuditedSale& sale) {
  return sale.sale.hold || sale.mispaid > 0 ||
         sale.kept.payments + sale.refund_due.payments + sale.refunded.payments > 0;
}

}  // namespace

SaleReport audit_sale(const repositories::AuditedSale& sale) {
  Totals totals = add_up(sale);
  SaleReport report;
  report.product = sale.product_name;
  report.position = totals.position;
  report.lines = lines_of(totals);
  report.findings.push_back(conservation(totals));
  report.findings.push_back(no_oversell(totals));
  report.findings.push_back(no_double(sale));
  if (!has_money(sale)) return report;
  std::ranges::move(lines_of_money(sale), std::back_inserter(report.lines));
  report.findings.push_back(money_adds_up(sale));
  return report;
}

}  // namespace stampede::services::audit
