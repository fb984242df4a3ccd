#include "services/purchase/poll_after.h"

#include <algorithm>

namespace stampede::services::purchase {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kSeldom = std::chrono::minutes{2};
constexpr milliseconds kWhileOn = seconds{5};
constexpr milliseconds kLeast = seconds{1};

}  // namespace

std::optional<milliseconds> poll_after(const Sale& sale, SaleStatus status, Instant now) {
  switch (status) {
    case SaleStatus::kUpcoming:
      if (sale.terms_fixed(now)) return sale.starts_at - now + kWhileOn;
      return std::clamp(sale.starts_at - Sale::kTermsFixed - now, kLeast, kSeldom);
    case SaleStatus::kOn:
      return kWhileOn;
    case SaleStatus::kSoldOut:
      return std::nullopt;
    case SaleStatus::kEnded:
      return kSeldom;  // another sale of the product may follow
  }
  return kSeldom;
}

}  // namespace stampede::services::purchase
