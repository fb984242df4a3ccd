#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stampede::repositories::sql {

/// The statements of a migration as MariaDB takes them, in order, without comments. MariaDB commits
/// with every statement that changes the schema, so each is spelled to do nothing where it was done
/// before: a migration that was cut short can be run again. Tables are InnoDB's, their text is
/// UTF-8 and compares byte by byte, as SQLite's does.
std::vector<std::string> mariadb_statements(std::string_view script);

}  // namespace stampede::repositories::sql
