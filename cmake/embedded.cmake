# What the binary carries inside it (see cmake/embed.cmake).

# Pages, and what the browser gets beside them.
file(GLOB page_templates CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/views/templates/*.mustache)
stampede_embed(views templates ${PROJECT_SOURCE_DIR}/src/views/templates ${page_templates})
file(GLOB_RECURSE web_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/web/*)
stampede_embed(views web ${PROJECT_SOURCE_DIR}/web ${web_files})

# The database's numbered migrations.
file(GLOB schema_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/schema/*.sql)
stampede_embed(repositories_sql schema ${PROJECT_SOURCE_DIR}/schema ${schema_files})
