#include "services/operations/key_operations.h"

#include "identity/key_ring.h"

namespace stampede::services::operations {

void KeyOperations::rotate(const Operator& who) {
  identity::KeyRing::rotate(file_);
  journal_->record(who, "keys rotate", file_.string());
}

}  // namespace stampede::services::operations
