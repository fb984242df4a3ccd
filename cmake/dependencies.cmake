# What Debian 12 brings. Packages without a CMake file of their own become targets stampede::<name>.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS url json)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
# By its headers alone: Debian's library brings functions of an older {fmt}, which an executable
# would use instead of {fmt}'s own where the linker happens to name it first.
find_package(spdlog REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(OATH REQUIRED IMPORTED_TARGET liboath)
pkg_check_modules(CAIRO REQUIRED IMPORTED_TARGET cairo)
pkg_check_modules(TURBOJPEG REQUIRED IMPORTED_TARGET libturbojpeg)
pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)
pkg_check_modules(WEBP REQUIRED IMPORTED_TARGET libwebp)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(MARIADB REQUIRED IMPORTED_TARGET libmariadb)
pkg_check_modules(RABBITMQ REQUIRED IMPORTED_TARGET librabbitmq)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)

# Asio and Beast, which the room that waits without blocking has for itself.
add_library(stampede_asio INTERFACE)
target_link_libraries(stampede_asio INTERFACE Boost::headers)
add_library(stampede::asio ALIAS stampede_asio)

add_library(stampede_sodium INTERFACE)
target_link_libraries(stampede_sodium INTERFACE PkgConfig::SODIUM)
add_library(stampede::sodium ALIAS stampede_sodium)

add_library(stampede_oath INTERFACE)
target_link_libraries(stampede_oath INTERFACE PkgConfig::OATH)
add_library(stampede::oath ALIAS stampede_oath)

add_library(stampede_rabbitmq INTERFACE)
target_link_libraries(stampede_rabbitmq INTERFACE PkgConfig::RABBITMQ)
add_library(stampede::rabbitmq ALIAS stampede_rabbitmq)

add_library(stampede_curl INTERFACE)
target_link_libraries(stampede_curl INTERFACE PkgConfig::CURL)
add_library(stampede::curl ALIAS stampede_curl)

add_library(stampede_cairo INTERFACE)
target_link_libraries(stampede_cairo INTERFACE PkgConfig::CAIRO)
add_library(stampede::cairo ALIAS stampede_cairo)

foreach(library IN ITEMS jpeg=TURBOJPEG png=PNG webp=WEBP)
  string(REGEX MATCH "^(.+)=(.+)$" pair ${library})
  add_library(stampede_${CMAKE_MATCH_1} INTERFACE)
  target_link_libraries(stampede_${CMAKE_MATCH_1} INTERFACE PkgConfig::${CMAKE_MATCH_2})
  add_library(stampede::${CMAKE_MATCH_1} ALIAS stampede_${CMAKE_MATCH_1})
endforeach()

find_path(SOCI_INCLUDE soci/soci.h REQUIRED)
find_library(SOCI_CORE soci_core REQUIRED)
find_library(SOCI_SQLITE3 soci_sqlite3 REQUIRED)
find_library(SOCI_MYSQL soci_mysql REQUIRED)
add_library(stampede_soci INTERFACE)
# SOCI's headers are not ours to warn about; its back ends include <sqlite3.h> and <mysql.h>.
target_include_directories(stampede_soci SYSTEM INTERFACE ${SOCI_INCLUDE} ${SOCI_INCLUDE}/soci)
target_link_libraries(stampede_soci INTERFACE ${SOCI_SQLITE3} ${SOCI_MYSQL} ${SOCI_CORE}
                                              PkgConfig::SQLITE PkgConfig::MARIADB)
if(STAMPEDE_SANITIZE)
  # The check of a call's dynamic type needs type information that SOCI's libraries do not export.
  target_compile_options(stampede_soci INTERFACE -fno-sanitize=vptr)
endif()
add_library(stampede::soci ALIAS stampede_soci)

find_path(MUSTACHE_INCLUDE kainjow/mustache.hpp REQUIRED)
add_library(stampede_mustache INTERFACE)
target_include_directories(stampede_mustache SYSTEM INTERFACE ${MUSTACHE_INCLUDE})
add_library(stampede::mustache ALIAS stampede_mustache)

find_path(CLI11_INCLUDE CLI/CLI.hpp REQUIRED)
if(NOT TARGET CLI11::CLI11)
  add_library(stampede_cli11 INTERFACE)
  target_include_directories(stampede_cli11 SYSTEM INTERFACE ${CLI11_INCLUDE})
  add_library(CLI11::CLI11 ALIAS stampede_cli11)
endif()

if(STAMPEDE_TESTS)
  find_package(GTest REQUIRED)
  find_package(rapidcheck REQUIRED)
endif()
if(STAMPEDE_BENCH)
  find_package(benchmark REQUIRED)
endif()
