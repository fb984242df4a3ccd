#include "repositories/sql/accounts/api_tokens.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "repositories/sql/connection/rows.h"
#include "repositories/storage_error.h"

namespace stampede::repositories::sql {
namespace {

std::vector<ApiScope> to_scopes(std::int64_t id, std::string_view names) {
  std::vector<ApiScope> scopes;
  while (!names.empty()) {
    const auto name = names.substr(0, names.find(' '));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    const auto scope = api_scope_named(name);
    if (!scope) {
      throw StorageError(
          StorageError::Kind::kOther,
          fmt::format("table api_tokens, row {}: scopes has \"{}\", which no stampede writes", id,
                      name));
    }
    scopes.push_back(*scope);
  }
  return scopes;
}

/// What a SELECT of kColumns fetches.
struct TokenRow {
  static constexpr const char* kColumns = "id, name, scopes, created_at, expires_at, revoked_at";
  std::int64_t id = 0, created_at = 0;
  std::string name, scopes;
  Nullable expires_at, revoked_at;

  void define(soci::statement& statement) {
    statement.exchange(soci::into(id));
    statement.exchange(soci::into(name));
    statement.exchange(soci::into(scopes));
    statement.exchange(soci::into(created_at));
    statement.exchange(into(expires_at));
    statement.exchange(into(revoked_at));
  }
  ApiToken token() const {
    return {.id = {id},
            .name = name,
            .scopes = to_scopes(id, scopes),
            .created_at = to_instant(created_at),
            .expires_at = expires_at.instant(),
            .revoked_at = revoked_at.instant()};
  }
};

/// The row for which `where` holds, which has one parameter.
template <class Value>
std::optional<ApiToken> find_one(Database& database, const char* where, const Value& value) {
  return database.read([&](soci::session& session) -> std::optional<ApiToken> {
    TokenRow row;
    soci::statement select(session);
    select.exchange(soci::use(value));
    row.define(select);
    prepare(select, fmt::format("SELECT {} FROM api_tokens WHERE {}", TokenRow::kColumns, where));
    if (!fetch_one(select)) return std::nullopt;
    return row.token();
  });
}

}  // namespace

ApiTokenId SqlApiTokens::create(const ApiToken& token, std::string_view hash) {
  const std::string its_hash(hash);
  const std::string scopes = names_of(token.scopes);
  const auto created_at = to_column(token.created_at);
  Nullable expires_at(token.expires_at);
  return database_.write([&](soci::session& session) {
    session << "INSERT INTO api_tokens (name, hash, scopes, created_at, expires_at) "
               "VALUES (:name, :hash, :scopes, :created_at, :expires_at)",
        soci::use(token.name), soci::use(its_hash), soci::use(scopes), soci::use(created_at),
        use(expires_at);
    long long id = 0;
    session.get_last_insert_id("api_tokens", id);
    return ApiTokenId{id};
  });
}

std::optional<ApiToken> SqlApiTokens::find(std::string_view hash) {
  return find_one(database_, "hash = :hash", std::string(hash));
}

std::optional<ApiToken> SqlApiTokens::find(ApiTokenId id) {
  return find_one(database_, "id = :id", id.value);
}

std::vector<ApiToken> SqlApiTokens::list() {
  return database_.read([&](soci::session& session) {
    TokenRow row;
    soci::statement select(session);
    row.define(select);
    prepare(select, fmt::format("SELECT {} FROM api_tokens ORDER BY id", TokenRow::kColumns));
    std::vector<ApiToken> tokens;
    for (select.execute(); select.fetch();) tokens.push_back(row.token());
    return tokens;
  });
}

bool SqlApiTokens::revoke(ApiTokenId id, Instant now) {
  const auto revoked_at = to_column(now);
  return database_.write([&](soci::session& session) {
    soci::statement update = (session.prepare << "UPDATE api_tokens SET revoked_at = :now "
                                                 "WHERE id = :id AND revoked_at IS NULL",
                              soci::use(revoked_at), soci::use(id.value));
    update.execute(true);
    return update.get_affected_rows() == 1;
  });
}

}  // namespace stampede::repositories::sql
