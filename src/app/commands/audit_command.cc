#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include "app/commands/command_context.h"
#include "app/commands/commands.h"
#include "app/terminal/progress.h"
#include "model/text/plain_text.h"
#include "services/audit/answers_audit.h"
#include "services/audit/sale_audit.h"

namespace stampede::app {
namespace {

using repositories::AuditedSale;
using services::audit::AnswerLog;
using services::audit::SaleReport;

/// The sale that was named, or the only one.
std::expected<Sale, std::string> choose_sale(CommandContext& context, SaleId wanted) {
  auto sales = context.storage().catalog().sales().sales;
  if (!wanted) {
    if (sales.size() == 1) return sales.front();
    return std::unexpected(fmt::format(
        "--answers compares one sale, and there are {}; expected --sale with the id of one",
        sales.size()));
  }
  const auto sale = std::ranges::find(sales, wanted, &Sale::id);
  if (sale != sales.end()) return *sale;
  return std::unexpected(
      fmt::format("there is no sale {}; `stampede sale list` shows all", wanted.value));
}

Done read_answers(const std::filesystem::path& path, AnswerLog& answers) {
  std::ifstream file(path);
  if (!file) throw std::system_error(errno, std::generic_category(), path.string());
  std::error_code no_size;
  const auto size = std::filesystem::file_size(path, no_size);  // a pipe has none
  Progress progress("reading answers", no_size ? 0 : static_cast<std::int64_t>(size));
  std::int64_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (const auto added = answers.add(line); !added) {
      return std::unexpected(fmt::format("{}:{}: {}", path.string(), number, added.error()));
    }
    progress.advance(static_cast<std::int64_t>(line.size()) + 1);
  }
  if (file.bad()) throw std::system_error(errno, std::generic_category(), path.string());
  return {};
}

Done print_reports(const std::vector<SaleReport>& reports, bool json) {
  if (json) {
    fmt::print("{}\n", services::audit::as_json(reports));
  } else if (reports.empty()) {
    fmt::print("There is no sale yet, so nothing is out of balance.\n");
  }
  std::vector<std::string> broken;
  for (const SaleReport& report : reports) {
    if (!json) fmt::print("{}", visible(services::audit::in_words(report), "\n"));
    for (const auto& finding : report.findings) {
      if (finding.state != services::audit::Finding::State::kBroken) continue;
      broken.push_back(fmt::format("{} of sale {}: {}", to_string(finding.invariant),
                                   report.position.sale.id.value, finding.explanation));
    }
  }
  if (broken.empty()) return {};
  return std::unexpected(fmt::format("{} breaches, the first: {}", broken.size(), broken.front()));
}

}  // namespace

Done audit(const Config& config, const AuditOptions& options) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  std::optional<AnswerLog> answers;
  SaleId only = options.sale;
  if (!options.answers.empty() || only) {
    const auto sale = choose_sale(context, only);
    if (!sale) return std::unexpected(sale.error());
    only = sale->id;
    // Before storage is read, so that every yes that was told must be there.
    if (!options.answers.empty()) {
      answers.emplace(sale->id, sale->product);
      if (const auto read = read_answers(options.answers, *answers); !read) return read;
    }
  }
  std::vector<SaleReport> reports;
  repositories::Audit& storage = context.storage().audit();
  const std::vector<AuditedSale> all = storage.audited_sales();
  for (const AuditedSale& audited : all) {
    if (only && audited.sale.id != only) continue;
    SaleReport& report = reports.emplace_back(services::audit::audit_sale(audited));
    if (!answers) continue;
    std::vector<SaleId> others;
    for (const AuditedSale& other : all) {
      const bool same_product = other.sale.product == audited.sale.product;
      if (same_product && other.sale.id != audited.sale.id) others.push_back(other.sale.id);
    }
    for (auto& finding : audit_answers(audited, others, storage, *answers, options.demand)) {
      report.findings.push_back(std::move(finding));
    }
    std::ranges::sort(report.findings, {}, &services::audit::Finding::invariant);
  }
  return print_reports(reports, options.json);
}

}  // namespace stampede::app
