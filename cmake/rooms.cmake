# The rooms of the house: every folder of src/ that holds code, and the rooms it may include.
# This file only declares. CMakeLists.txt turns each line into a library; cmake/check_rooms.cmake
# (the test `rooms`) compares it with every #include and refuses a circle.
#
#   stampede_room(<folder> [USES <folder>...] [LINKS <library>...])

stampede_room(model)
stampede_room(telemetry LINKS fmt::fmt spdlog::spdlog)
stampede_room(concurrency)

# Doors out: what the rules need from the world, as abstract headers, and the real things behind.
stampede_room(repositories USES model)
stampede_room(repositories/sql USES repositories model telemetry concurrency LINKS stampede::soci fmt::fmt)
stampede_room(repositories/memory USES repositories model)
stampede_room(queue USES model)
stampede_room(queue/local USES queue model)

# Tools that know no shop (http), or only its ids (identity, captcha).
stampede_room(http USES telemetry LINKS Boost::headers Boost::url Boost::json fmt::fmt)
stampede_room(identity USES model LINKS OpenSSL::Crypto stampede::sodium)
stampede_room(captcha USES model identity LINKS stampede::cairo)

# The rules.
stampede_room(services/stock USES model)
stampede_room(services/admission USES model concurrency LINKS Boost::headers)
stampede_room(services/purchase
  USES model concurrency queue captcha services/stock services/admission LINKS Boost::headers)
stampede_room(services/orders USES model queue repositories LINKS Boost::headers)
stampede_room(services/leasing USES model repositories queue services/purchase)
stampede_room(services/catalog USES model repositories LINKS fmt::fmt)
stampede_room(services/accounts
  USES model repositories identity concurrency telemetry LINKS Boost::headers)
stampede_room(services/audit USES model repositories LINKS Boost::json fmt::fmt)

# Pages, and the doors in.
stampede_room(views USES model LINKS stampede::mustache fmt::fmt)
stampede_room(controllers
  USES model http views identity captcha telemetry concurrency services/purchase services/orders
       services/catalog services/accounts services/admission LINKS Boost::json fmt::fmt)
stampede_room(consumers USES model queue repositories services/orders telemetry)
stampede_room(schedules
  USES model telemetry repositories identity services/purchase services/leasing services/catalog
       services/accounts services/admission)

# The wiring: uses everything, used by nobody.
stampede_room(app/config USES identity LINKS tomlplusplus::tomlplusplus fmt::fmt)
stampede_room(app/roles
  USES app/config model telemetry concurrency repositories repositories/sql queue queue/local http identity
       captcha services/stock services/admission services/purchase services/orders
       services/leasing services/catalog services/accounts views controllers consumers schedules
  LINKS fmt::fmt)
stampede_room(app
  USES model telemetry concurrency repositories repositories/sql queue queue/local http identity captcha
       services/stock services/admission services/purchase services/orders services/leasing
       services/catalog services/accounts services/audit views controllers consumers schedules
       app/config app/roles
  LINKS CLI11::CLI11 Boost::json fmt::fmt)
