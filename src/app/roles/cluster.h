#pragma once

#include "app/config/config.h"

namespace stampede::app {

/// The roles of a cluster (docs/design.md#roles), around RabbitMQ and MariaDB. Each runs until
/// SIGTERM or SIGINT as run_role() does, and throws what cannot start: http::tls::CertificateError,
/// identity::KeyFileError, repositories::StorageError, queue::rabbitmq::BrokerError,
/// std::system_error.
int run_web(const Config& config);
int run_validate(const Config& config);
int run_quantity(const Config& config);
int run_consume(const Config& config);
int run_admin(const Config& config);

}  // namespace stampede::app
