#include "repositories/sql/search/samples.h"

#include <fmt/format.h>

#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {

void SqlSamples::append(std::span<const StoredSample> samples) {
  if (samples.empty()) return;
  database_.write([&](soci::session& session) {
    for (const StoredSample& sample : samples) {
      const auto at = to_column(sample.at);
      try {
        session << "INSERT INTO sale_samples (sale, at, body) VALUES (:sale, :at, :body)",
            soci::use(sample.sale.value), soci::use(at), soci::use(sample.body);
      } catch (const soci::soci_error&) {
        // Two consoles of one cluster may sample the same second; the first one's sample is kept.
        if (!database_.dialect().is_duplicate(session)) throw;
      }
    }
  });
}

std::vector<StoredSample> SqlSamples::of(SaleId sale, Instant after, std::size_t most) {
  return database_.read([&](soci::session& session) {
    const std::int64_t since = to_column(after);
    std::int64_t at = 0;
    std::string body;
    soci::statement select =
        (session.prepare << fmt::format("SELECT at, body FROM sale_samples WHERE sale = :sale "
                                        "AND at > :after ORDER BY at LIMIT {}",
                                        most),
         soci::use(sale.value), soci::use(since), soci::into(at), soci::into(body));
    std::vector<StoredSample> samples;
    for (select.execute(); select.fetch();) samples.push_back({sale, to_instant(at), body});
    return samples;
  });
}

}  // namespace stampede::repositories::sql
