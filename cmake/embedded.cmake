# What the binary carries inside it (see cmake/embed.cmake).

# The database's numbered migrations.
file(GLOB schema_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/schema/*.sql)
stampede_embed(repositories_sql schema ${PROJECT_SOURCE_DIR}/schema ${schema_files})
