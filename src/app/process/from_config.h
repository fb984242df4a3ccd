#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "app/config/config.h"
#include "controllers/guards/origin.h"
#include "http/server/server.h"
#include "http/transport_layer.h"
#include "queue/rabbitmq/options.h"
#include "repositories/sql/connection/database.h"
#include "services/accounts/accounts.h"
#include "services/purchase/checkout.h"

// What the roles make of the configuration.
namespace stampede::app {

/// The listener that buyers reach; `tls` is put over its connections. It tells browsers of
/// hsts_header() if it speaks TLS or the shop's origin is https.
http::ListenerOptions public_listener(const Config& config, http::TransportLayer tls = {});

/// The listener of the operators' console; `tls` is put over its connections. HSTS as above, by the
/// console's own origin.
http::ListenerOptions console_listener(const Config& config, http::TransportLayer tls = {});

/// The header by which browsers use nothing but TLS from then on (RFC 6797): a whole line, or
/// empty.
std::string hsts_header(const Config& config);

/// Which requests are taken for the shop's own pages'.
controllers::OriginRule origin_rule(const Config& config);

/// Warns where no proxy is trusted by a role that buyers reach through one: all of them would count
/// as one address then, the proxy's.
void warn_about_proxies(const Config& config);

/// Tells this process from those before it under the same name: 16 hexadecimal digits, drawn anew.
std::string draw_incarnation();

/// How a purchase is decided.
services::purchase::Rules purchase_rules(const Config& config);
/// How log-ins and registrations are bounded.
services::accounts::Accounts::Options account_options(const Config& config);

/// The MariaDB database, with that many connections to read with. Throws
/// repositories::StorageError.
std::unique_ptr<repositories::sql::Database> open_cluster_database(const Config& config,
                                                                   std::size_t readers);
/// The same for work that must not wait long: a lock for 1 s, an answer for 3 s. Its schema is to
/// be there already.
std::unique_ptr<repositories::sql::Database> open_impatient_database(const Config& config,
                                                                     std::size_t readers);
/// The same for a command, which may read all orders of a large shop: a statement that reads may
/// take ten minutes. Whoever typed the command can end it; the server reads on then.
std::unique_ptr<repositories::sql::Database> open_patient_database(const Config& config);
/// The same for the order consumer, whose statement may hang when the process is to end: what it
/// waits for is over before that (kFinishedBy, kLongestStop).
std::unique_ptr<repositories::sql::Database> open_consumer_database(const Config& config);

/// How the brokers are reached.
queue::rabbitmq::Options broker_options(const Config& config);

}  // namespace stampede::app
