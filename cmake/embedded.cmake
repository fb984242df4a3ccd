# What the binary carries inside it (see cmake/embed.cmake).

# Pages.
file(GLOB_RECURSE page_templates CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/views/templates/*.mustache)
stampede_embed(views templates ${PROJECT_SOURCE_DIR}/src/views/templates ${page_templates})
# web/: the entries js/*.js and css/*.css are bundled, each with what it imports.
stampede_npm(web ${PROJECT_SOURCE_DIR}/web)
file(GLOB web_entries CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/web
     ${PROJECT_SOURCE_DIR}/web/js/*.js ${PROJECT_SOURCE_DIR}/web/css/*.css
     ${PROJECT_SOURCE_DIR}/web/icon.svg)
file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/web/js/*.js
     ${PROJECT_SOURCE_DIR}/web/css/*.css)
list(APPEND web_entries licenses.txt)
list(TRANSFORM web_entries PREPEND ${CMAKE_BINARY_DIR}/web/ OUTPUT_VARIABLE web_files)
add_custom_command(
  OUTPUT ${web_files}
  COMMAND ${NODE} ${PROJECT_SOURCE_DIR}/web/build.mjs ${web_node_modules} ${CMAKE_BINARY_DIR}/web
  DEPENDS ${web_installed} ${web_sources} ${PROJECT_SOURCE_DIR}/web/build.mjs
          ${PROJECT_SOURCE_DIR}/web/icon.svg
  COMMENT "Bundling web/" VERBATIM)
stampede_embed(views web ${CMAKE_BINARY_DIR}/web ${web_files})

# The database's numbered migrations.
file(GLOB schema_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/schema/*.sql)
stampede_embed(repositories_sql_connection schema ${PROJECT_SOURCE_DIR}/schema ${schema_files})

# The description of the HTTP interface, for programs.
stampede_embed(app_fronts api ${PROJECT_SOURCE_DIR}/api ${PROJECT_SOURCE_DIR}/api/openapi.json)
