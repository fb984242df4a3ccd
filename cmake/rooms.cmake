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
stampede_room(repositories/sql USES repositories model telemetry concurrency
  LINKS stampede::soci stampede::sodium fmt::fmt)
stampede_room(repositories/memory USES repositories model)
stampede_room(peers USES model identity LINKS Boost::json fmt::fmt)
stampede_room(peers/http USES peers model http telemetry LINKS Boost::json fmt::fmt)
stampede_room(queue USES model LINKS Boost::headers)
stampede_room(queue/local USES queue model)
stampede_room(queue/rabbitmq USES queue model telemetry LINKS stampede::rabbitmq)

# Tools that know no shop (http), or only its ids (identity, captcha).
stampede_room(http USES telemetry LINKS Boost::headers Boost::url Boost::json fmt::fmt)
stampede_room(identity USES model LINKS OpenSSL::Crypto stampede::sodium)
stampede_room(captcha USES model identity LINKS stampede::cairo)

# The rules.
stampede_room(services/stock USES model)
stampede_room(services/routing USES model LINKS stampede::sodium)
stampede_room(services/admission USES model concurrency LINKS Boost::headers)
stampede_room(services/purchase
  USES model concurrency queue captcha services/stock services/admission services/routing
  LINKS Boost::headers)
stampede_room(services/orders USES model queue repositories LINKS Boost::headers)
stampede_room(services/leasing
  USES model repositories queue peers services/purchase services/stock LINKS fmt::fmt)
stampede_room(services/catalog USES model repositories LINKS stampede::sodium fmt::fmt)
stampede_room(services/accounts
  USES model repositories identity concurrency telemetry LINKS Boost::headers)
stampede_room(services/live USES model repositories telemetry LINKS Boost::json fmt::fmt)
stampede_room(services/audit USES model repositories LINKS Boost::json fmt::fmt)

# Pages, and the doors in.
stampede_room(views USES model LINKS stampede::mustache fmt::fmt)
stampede_room(controllers
  USES model http views identity captcha telemetry concurrency peers services/purchase
       services/orders services/catalog services/accounts services/admission services/routing
       services/leasing LINKS Boost::json fmt::fmt)
stampede_room(controllers/console
  USES controllers model http views telemetry concurrency services/accounts services/audit
       services/catalog services/live services/orders LINKS Boost::json fmt::fmt)
stampede_room(consumers USES model queue repositories services/orders telemetry)
stampede_room(schedules
  USES model telemetry repositories peers identity services/purchase services/leasing
       services/catalog services/accounts services/admission services/routing)

# The wiring: uses everything, used by nobody.
stampede_room(app/config USES identity LINKS tomlplusplus::tomlplusplus fmt::fmt)
stampede_room(app/roles
  USES app/config model telemetry concurrency repositories repositories/sql queue queue/local
       queue/rabbitmq http identity captcha peers peers/http services/stock services/admission
       services/routing services/purchase services/orders services/leasing services/catalog
       services/accounts services/audit services/live views controllers controllers/console
       consumers schedules
  LINKS fmt::fmt)
stampede_room(app
  USES app/config app/roles model telemetry concurrency repositories repositories/sql queue
       queue/local http identity captcha services/stock services/admission services/purchase
       services/orders services/leasing services/catalog services/accounts services/audit
       services/routing views controllers consumers schedules
  LINKS CLI11::CLI11 Boost::json ZLIB::ZLIB fmt::fmt)
