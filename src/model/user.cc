#include "model/user.h"

#include <algorithm>
#include <utility>

namespace stampede {

std::string_view to_string(UserRole role) {
  switch (role) {
    case UserRole::kBuyer:
      return "buyer";
    case UserRole::kViewer:
      return "viewer";
    case UserRole::kOperator:
      return "operator";
    case UserRole::kOwner:
      return "owner";
  }
  std::unreachable();
}

std::optional<UserRole> user_role_named(std::string_view name) {
  const auto found = std::ranges::find(kUserRoles, name, [](UserRole r) { return to_string(r); });
  return found == kUserRoles.end() ? std::nullopt : std::optional(*found);
}

}  // namespace stampede
