#pragma once

#include <memory>

#include "app/config/config.h"
#include "repositories/sql/repositories.h"
#include "services/operations/catalog_operations.h"
#include "services/operations/key_operations.h"
#include "services/operations/operator_operations.h"
#include "services/operations/order_operations.h"
#include "services/operations/token_operations.h"
#include "services/operations/user_operations.h"
#include "services/operations/webhook_operations.h"

namespace stampede::app {

/// What an operator's command needs: the shop's storage (its own file, or a cluster's database),
/// and what operators do with it. It may be made while the shop runs, which sees the changes within
/// a second. For one thread; what it has is as thread-safe as it says of itself.
class CommandContext {
 public:
  enum class Missing { kRefuse, kCreate };
  /// Throws DataDirError, identity::KeyFileError, repositories::StorageError.
  CommandContext(const Config& config, Missing missing);

  repositories::sql::Repositories& storage() { return repositories_; }
  services::operations::CatalogOperations& catalog() { return catalog_; }
  services::operations::UserOperations& users() { return users_; }
  services::operations::OperatorOperations& operators() { return operators_; }
  services::operations::OrderOperations& orders() { return orders_; }
  services::operations::TokenOperations& tokens() { return tokens_; }
  services::operations::WebhookOperations& webhooks() { return webhooks_; }
  services::operations::KeyOperations& keys() { return keys_; }
  /// Whoever runs the command, now.
  services::operations::Operator who() const;

 private:
  std::unique_ptr<repositories::sql::Database> database_;
  repositories::sql::Repositories repositories_;
  services::audit::Journal journal_;
  services::operations::CatalogOperations catalog_;
  services::operations::UserOperations users_;
  services::operations::OperatorOperations operators_;
  services::operations::OrderOperations orders_;
  services::operations::TokenOperations tokens_;
  services::operations::WebhookOperations webhooks_;
  services::operations::KeyOperations keys_;
};

/// Prints what a change was answered with; and on standard error, if an earlier request with the
/// same key made it.
void print_applied(std::int64_t number, bool before);

}  // namespace stampede::app
