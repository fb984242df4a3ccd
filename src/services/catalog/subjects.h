#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/catalog/sale.h"
#include "model/ids.h"

/// What was changed, as the audit log says it: the same words from the command line and the
/// console.
namespace stampede::services::catalog {

std::string subject_of(ProductId product);
std::string subject_of(SaleId sale);
/// A picture by its name or its id.
std::string subject_of(ProductId product, std::string_view picture);
/// A sale with its terms.
std::string subject_of(const Sale& sale);
/// Units added to a sale, which has `quantity` of them now.
std::string subject_of(SaleId sale, std::int64_t units, std::int64_t quantity);

}  // namespace stampede::services::catalog
