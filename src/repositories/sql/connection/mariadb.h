#pragma once

#include <string_view>

struct st_mysql;

namespace soci {
class session;
}

/// MariaDB's own calls, where SOCI has none. A session belongs to one thread at a time.
namespace stampede::repositories::sql {

st_mysql* mariadb_handle(soci::session& session);

/// Runs one statement that answers no rows, as it stands: SOCI would look for parameters in each
/// byte of it. Throws soci::soci_error.
void execute(soci::session& session, std::string_view sql);

}  // namespace stampede::repositories::sql
