#include "services/audit/answers_audit.h"

#include <fmt/format.h>

#include <algorithm>

namespace stampede::services::audit {
namespace {

using Last = Outcome::Last;

std::string name(const Intent& intent) {
  return fmt::format("buyer {} key {}", intent.buyer.value, intent.key.text());
}

Finding finding_of(Invariant invariant, Offenders& offenders, std::string_view what) {
  Finding finding{.invariant = invariant, .explanation = {}, .offenders = {}};
  if (offenders.count() > 0) {
    finding.state = Finding::State::kBroken;
    finding.explanation = fmt::format("{} {}", offenders.count(), what);
    finding.offenders = offenders.take();
  }
  return finding;
}

/// It had expired, which its buyer was told, and was paid all the same.
bool may_be_paid_late(const Order& order) { return order.status == OrderStatus::kPaid; }

/// The order that a yes named. It may have been cancelled since.
bool keeps(const Order& order, const Outcome& outcome) {
  return order.status != OrderStatus::kFailed && outcome.promised == order.number;
}

/// Checks I4, and marks each yes whose order is in storage.
Finding no_phantom(SaleId sale, repositories::Audit& storage, AnswerLog& answers) {
  Offenders offenders;
  storage.for_each_order(sale, [&](const Order& order) {
    const auto found = answers.outcomes().find(Intent{order.buyer, order.intent});
    if (found == answers.outcomes().end()) {
      offenders.add(fmt::format("order {}: {} never attempted it", order.number.value,
                                name({order.buyer, order.intent})));
      return;
    }
    Outcome& outcome = found->second;
    if (keeps(order, outcome)) outcome.kept = true;
    if (!order.active()) return;
    if (outcome.last == Last::kNo && !outcome.unanswered && !may_be_paid_late(order)) {
      offenders.add(
          fmt::format("order {}: {} was last told no", order.number.value, name(found->first)));
    }
  });
  return finding_of(Invariant::kNoPhantom, offenders,
                    "orders are of nobody who attempted them, or of one who was told no");
}

/// A key that is an order of another sale was told that order, whatever sale its buyer named.
void find_in(SaleId other, repositories::Audit& storage, AnswerLog& answers) {
  storage.for_each_order(other, [&](const Order& order) {
    const auto found = answers.outcomes().find(Intent{order.buyer, order.intent});
    if (found == answers.outcomes().end()) return;
    if (keeps(order, found->second)) found->second.kept = true;
  });
}

/// Checks I3; to be called after no_phantom().
Finding no_loss(std::span<const SaleId> others, repositories::Audit& storage, AnswerLog& answers) {
  Offenders offenders;
  const auto lost = [](const auto& entry) { return entry.second.promised && !entry.second.kept; };
  for (const SaleId other : others) {
    if (std::ranges::none_of(answers.outcomes(), lost)) break;
    find_in(other, storage, answers);
  }
  for (const auto& [intent, outcome] : answers.outcomes()) {
    if (outcome.promised && !outcome.kept) {
      offenders.add(fmt::format("{}: was told order {}, which is not there", name(intent),
                                outcome.promised.value));
    }
  }
  for (const AnswerLog::Contradiction& contradiction : answers.contradictions()) {
    offenders.add(fmt::format("{}: was told order {} and then order {}", name(contradiction.intent),
                              contradiction.first.value, contradiction.then.value));
  }
  return finding_of(Invariant::kNoLoss, offenders, "yes answers have no active order");
}

/// I6: sold to the last unit, once every intent has its yes or no. Units that were added while the
/// sale was on, or came back from cancelled orders, may have come after the last buyer was told,
/// truly, that it was sold out.
Finding no_undersell(const repositories::AuditedSale& audited, AnswerLog& answers,
                     std::int64_t demand) {
  Finding finding{.invariant = Invariant::kNoUndersell, .explanation = {}, .offenders = {}};
  const std::int64_t total = audited.sale.quantity;
  if (demand < total || audited.active == total) return finding;
  const auto resolved = std::ranges::count_if(answers.outcomes(), [](const auto& entry) {
    return entry.second.last == Last::kYes || entry.second.last == Last::kNo;
  });
  const auto intents = std::max(demand, static_cast<std::int64_t>(answers.outcomes().size()));
  if (resolved < intents) {
    finding.state = Finding::State::kOpen;
    finding.explanation = fmt::format(
        "{} of {} intents have neither a yes nor a no; {} of {} units "
        "are sold",
        intents - resolved, intents, audited.active, total);
    return finding;
  }
  const std::int64_t late = audited.added_while_on + audited.returned;
  if (audited.active < total && audited.active >= total - late) {
    finding.state = Finding::State::kOpen;
    finding.explanation = fmt::format(
        "{} of {} units are sold; {} were added, or came back, while the sale was on, and whoever "
        "was told \"sold out\" before need not have come again",
        audited.active, total, late);
    return finding;
  }
  finding.state = Finding::State::kBroken;
  finding.explanation =
      fmt::format("{} of {} units are sold, though {} were wanted", audited.active, total, demand);
  return finding;
}

}  // namespace

std::vector<Finding> audit_answers(const repositories::AuditedSale& audited,
                                   std::span<const SaleId> others, repositories::Audit& storage,
                                   AnswerLog& answers, std::int64_t demand) {
  Finding phantom = no_phantom(audited.sale.id, storage, answers);
  Finding loss = no_loss(others, storage, answers);
  return {std::move(loss), std::move(phantom), no_undersell(audited, answers, demand)};
}

}  // namespace stampede::services::audit
