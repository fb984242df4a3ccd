#pragma once

#include <string_view>

#include "http/server/handlers/static_files.h"

namespace stampede::app {

/// What the browser gets beside pages, at the addresses that pages name.
http::StaticFiles asset_files();

/// api/openapi.json: every route of the shop, and those of operations, for programs.
std::string_view openapi_document();
inline constexpr const char* kOpenApiPath = "/openapi.json";

}  // namespace stampede::app
