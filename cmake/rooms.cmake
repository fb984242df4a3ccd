# The rooms: every folder of src/ that holds code, and the rooms it may include.
# This file only declares. CMakeLists.txt turns each line into a library; cmake/check_rooms.cmake
# (the test `rooms`) compares it with every #include, of rooms and of libraries, and refuses a circle,
# an include that is not declared, a declaration that is not needed, tests without SANITIZE, and a lock
# without SANITIZE thread.
#
#   stampede_room(<folder> [SANITIZE <sanitizer>...] [CLOCK] [USES <folder>...] [LINKS <library>...]
#                 [TESTS_USE <folder>...])
#
# USES and LINKS are what the room's own files include. TESTS_USE: its tests may include that as well,
# beside the adapters that every test may stand on (cmake/check_rooms.cmake).
#
# CLOCK: it reads the clocks itself, or takes `read_clocks` where nothing else is handed in: an inbound
# adapter, which passes the time down as `now`, or what waits for the network. A rule never does.
#
# SANITIZE: `./test` runs its unit tests once more: under `thread` where threads meet, and under
# `address` (and undefined behaviour) where a stranger's bytes are parsed or memory is laid out by hand.
# A room with tests says one of them, or `none`: then only `./test --long` does, which runs every
# room's under both. A room that has a lock and no tests says `thread` too: then `./test` compiles it
# with Clang, which refuses what is read without the lock.

stampede_room(model SANITIZE address CLOCK)
stampede_room(model/text SANITIZE address LINKS fmt::fmt)
stampede_room(model/catalog SANITIZE address USES model)
stampede_room(model/orders SANITIZE address USES model)
stampede_room(telemetry SANITIZE thread CLOCK USES model/text
  LINKS fmt::fmt spdlog::spdlog_header_only)
stampede_room(concurrency SANITIZE thread)
stampede_room(net SANITIZE address)

# Outbound adapters: what the rules need from the world, as abstract headers, and the real things
# behind.
stampede_room(repositories USES model model/catalog model/orders)
stampede_room(repositories/accounts USES model)
stampede_room(repositories/catalog USES repositories model model/catalog)
stampede_room(repositories/orders USES model model/catalog model/orders)
stampede_room(repositories/leasing USES model model/catalog)
stampede_room(repositories/webhooks USES model)
stampede_room(repositories/sql/sqlite SANITIZE address thread CLOCK
  USES repositories telemetry LINKS stampede::soci fmt::fmt)
stampede_room(repositories/sql/connection SANITIZE address thread
  USES repositories repositories/sql/sqlite repositories/orders model model/catalog model/orders
       net telemetry concurrency
  LINKS stampede::soci fmt::fmt)
stampede_room(repositories/sql/search SANITIZE address thread
  USES repositories repositories/sql/connection repositories/accounts repositories/catalog
       repositories/orders model model/orders
  LINKS fmt::fmt)
stampede_room(repositories/sql/accounts SANITIZE address thread
  USES repositories repositories/sql/connection repositories/accounts LINKS fmt::fmt)
stampede_room(repositories/sql/catalog SANITIZE address thread
  USES repositories repositories/sql/connection repositories/catalog model
  LINKS stampede::soci stampede::sodium fmt::fmt)
stampede_room(repositories/sql/orders SANITIZE address thread
  USES repositories/sql/connection repositories/orders model/orders LINKS fmt::fmt
  TESTS_USE queue)
stampede_room(repositories/sql/leasing SANITIZE address thread
  USES repositories/sql/connection repositories/leasing model LINKS fmt::fmt)
stampede_room(repositories/sql/webhooks SANITIZE address thread
  USES repositories repositories/sql/connection repositories/webhooks model concurrency
  LINKS fmt::fmt)
stampede_room(repositories/sql
  USES repositories repositories/sql/connection repositories/sql/search repositories/sql/accounts
       repositories/sql/catalog repositories/sql/orders repositories/sql/leasing
       repositories/sql/webhooks repositories/accounts repositories/catalog repositories/orders
       repositories/leasing repositories/webhooks)
stampede_room(repositories/memory SANITIZE thread
  USES repositories repositories/orders repositories/leasing model model/catalog model/orders
       concurrency)
stampede_room(peers SANITIZE address
  USES model model/catalog model/orders net identity LINKS Boost::json fmt::fmt)
stampede_room(peers/http SANITIZE thread CLOCK
  USES peers net http http/client telemetry concurrency LINKS Boost::json fmt::fmt)
stampede_room(queue SANITIZE address USES model model/orders LINKS Boost::headers)
stampede_room(queue/local SANITIZE thread USES queue concurrency)
stampede_room(queue/rabbitmq SANITIZE address thread CLOCK
  USES queue net telemetry concurrency LINKS stampede::rabbitmq)
# Requests to services of others; each rule's own words for them are in its room.
stampede_room(web_requests SANITIZE thread USES model concurrency)
stampede_room(web_requests/curl SANITIZE address thread CLOCK
  USES web_requests model net concurrency LINKS stampede::curl)

# Tools that know no shop (http), or only its ids (identity, captcha).
stampede_room(http SANITIZE address thread USES telemetry concurrency
  LINKS stampede::asio Boost::url fmt::fmt)
stampede_room(http/tls SANITIZE address thread CLOCK USES http concurrency
  LINKS stampede::asio OpenSSL::SSL OpenSSL::Crypto fmt::fmt)
stampede_room(http/server/messages SANITIZE address thread USES http LINKS stampede::asio)
stampede_room(http/server/handlers SANITIZE address thread USES http concurrency LINKS fmt::fmt)
stampede_room(http/server SANITIZE address thread CLOCK
  USES http http/server/messages http/server/handlers net telemetry concurrency
  LINKS stampede::asio Boost::headers fmt::fmt)
stampede_room(http/client SANITIZE address thread CLOCK USES http net telemetry concurrency
  LINKS stampede::asio fmt::fmt)
stampede_room(identity SANITIZE address thread USES model concurrency
  LINKS OpenSSL::Crypto stampede::sodium stampede::oath)
stampede_room(captcha SANITIZE address thread USES model identity concurrency
  LINKS stampede::cairo stampede::sodium)
stampede_room(captcha/external SANITIZE address thread
  USES captcha web_requests model identity concurrency telemetry LINKS Boost::json)
stampede_room(pictures SANITIZE address
  USES model/catalog LINKS stampede::jpeg stampede::png stampede::webp stampede::cairo fmt::fmt)
stampede_room(pictures/apart SANITIZE address CLOCK USES pictures model/text model/catalog)

# The rules.
stampede_room(services/stock SANITIZE thread USES model concurrency)
stampede_room(services/routing SANITIZE address thread USES model concurrency LINKS stampede::sodium)
stampede_room(services/admission SANITIZE thread USES model net concurrency LINKS Boost::headers)
stampede_room(services/purchase SANITIZE address thread
  USES model model/catalog model/orders net concurrency queue captcha services/stock
       services/admission services/routing
  LINKS Boost::headers)
stampede_room(services/orders SANITIZE address
  USES model model/text model/orders queue repositories repositories/orders LINKS Boost::headers)
stampede_room(services/leasing SANITIZE thread
  USES model repositories repositories/accounts repositories/catalog repositories/orders
       repositories/leasing queue peers telemetry concurrency services/purchase
  LINKS fmt::fmt)
stampede_room(services/validator SANITIZE thread
  USES model queue peers captcha services/admission services/purchase services/accounts
       services/leasing services/routing)
stampede_room(services/catalog SANITIZE address thread
  USES model model/text model/catalog repositories/catalog pictures concurrency
  LINKS stampede::sodium fmt::fmt)
stampede_room(services/accounts/throttling SANITIZE thread
  USES model concurrency identity)
stampede_room(services/accounts SANITIZE thread
  USES model model/text repositories repositories/accounts identity net concurrency telemetry
       services/accounts/throttling
  LINKS Boost::headers fmt::fmt stampede::sodium)
stampede_room(services/live SANITIZE thread
  USES model model/catalog model/orders repositories/catalog concurrency LINKS Boost::json fmt::fmt)
stampede_room(services/audit SANITIZE address
  USES model model/text model/catalog repositories repositories/accounts LINKS Boost::json fmt::fmt)
# What is told to the merchant's own systems, and when.
stampede_room(services/webhooks SANITIZE address
  USES model model/text net identity repositories/orders repositories/webhooks
  LINKS Boost::json stampede::sodium fmt::fmt)
stampede_room(services/operations SANITIZE address
  USES model model/text model/catalog model/orders repositories repositories/accounts
       repositories/orders repositories/webhooks identity services/catalog services/accounts
       services/audit services/orders services/webhooks
  LINKS fmt::fmt)

# Pages, and the inbound adapters.
stampede_room(views SANITIZE address USES model model/catalog model/orders LINKS stampede::mustache fmt::fmt)
stampede_room(views/console SANITIZE address
  USES views model model/catalog model/orders LINKS fmt::fmt)
stampede_room(controllers/guards SANITIZE address
  USES model net http identity services/accounts LINKS fmt::fmt)
stampede_room(controllers SANITIZE address thread
  USES controllers/guards model model/catalog net http http/server/handlers views telemetry concurrency
       services/accounts services/catalog
  LINKS Boost::json fmt::fmt)
stampede_room(controllers/shop SANITIZE address thread CLOCK
  USES controllers controllers/guards model model/text model/catalog model/orders net http
       http/server/handlers views captcha captcha/external identity telemetry concurrency
       services/purchase services/orders services/accounts services/admission
  LINKS Boost::json stampede::sodium fmt::fmt)
stampede_room(controllers/cluster SANITIZE address thread CLOCK
  USES controllers controllers/shop controllers/guards http http/server/handlers identity telemetry
       concurrency peers services/routing services/leasing
  LINKS fmt::fmt)
stampede_room(controllers/api SANITIZE address thread CLOCK
  USES controllers model model/text http http/server/handlers concurrency services/accounts
       services/orders services/operations services/webhooks
  LINKS Boost::json fmt::fmt)
stampede_room(controllers/console SANITIZE address thread CLOCK
  USES controllers controllers/api controllers/guards model model/text http http/server/handlers views/console
       concurrency services/accounts services/audit services/operations
  LINKS fmt::fmt)
stampede_room(controllers/console/catalog SANITIZE address thread
  USES controllers/console model model/text http services/catalog services/operations views/console
       controllers
  LINKS Boost::json fmt::fmt)
stampede_room(controllers/console/orders SANITIZE address thread CLOCK
  USES controllers/console controllers/console/catalog model/text telemetry concurrency http http/server/handlers
       services/orders services/operations views/console controllers
  LINKS fmt::fmt)
stampede_room(controllers/console/live SANITIZE address thread CLOCK
  USES controllers/console services/live views/console controllers telemetry LINKS Boost::json)
stampede_room(controllers/demo SANITIZE address thread CLOCK
  USES controllers controllers/shop model/catalog http/server/handlers views telemetry concurrency
       services/orders services/operations
  LINKS fmt::fmt)
stampede_room(consumers SANITIZE thread CLOCK
  USES model model/orders queue repositories repositories/orders services/orders telemetry
       concurrency)
stampede_room(schedules SANITIZE thread CLOCK
  USES model telemetry repositories repositories/accounts repositories/orders identity peers
       services/purchase services/catalog services/accounts services/admission services/validator
       concurrency)
stampede_room(schedules/webhooks SANITIZE thread
  USES model telemetry repositories repositories/orders repositories/webhooks identity web_requests
       services/webhooks concurrency
  LINKS fmt::fmt)

# The wiring: puts the others together.
stampede_room(app/config SANITIZE address
  USES model model/text net identity services/admission LINKS tomlplusplus::tomlplusplus fmt::fmt)
stampede_room(app/process SANITIZE thread CLOCK
  USES app/config net telemetry concurrency repositories repositories/sql/connection queue/rabbitmq
       http http/tls http/server services/purchase services/accounts controllers/guards controllers
  LINKS fmt::fmt)
stampede_room(app/fronts SANITIZE thread CLOCK
  USES app/config net telemetry concurrency repositories/sql queue/local queue/rabbitmq
       http/server/handlers http/server captcha captcha/external web_requests/curl pictures/apart
       services/admission services/purchase
       services/orders services/validator services/catalog services/accounts services/live
       services/audit views views/console controllers controllers/shop controllers/api
       controllers/console
       controllers/console/catalog controllers/console/orders controllers/console/live consumers
       schedules schedules/webhooks
  LINKS fmt::fmt
  TESTS_USE app/process)
stampede_room(app/embedded SANITIZE thread
  USES captcha identity queue repositories repositories/accounts repositories/leasing
       repositories/orders services/purchase services/admission services/accounts services/catalog
       services/leasing services/orders consumers schedules)
stampede_room(app/roles SANITIZE thread CLOCK
  USES app/config app/process app/fronts app/embedded app/commands telemetry concurrency repositories/sql
       repositories/sql/orders queue queue/local queue/rabbitmq http/server http/client captcha
       peers/http services/routing services/orders services/leasing services/validator
       controllers/shop controllers/cluster controllers/demo views model/text consumers schedules
  LINKS fmt::fmt)
stampede_room(app/backup SANITIZE address
  USES app/config model repositories/sql repositories/sql/connection services/audit
  LINKS Boost::json stampede::sodium fmt::fmt)
# One thread each, for what its own operator types.
stampede_room(app/terminal SANITIZE none CLOCK USES app/config model model/text LINKS fmt::fmt)
stampede_room(app/site SANITIZE none LINKS ZLIB::ZLIB fmt::fmt)
stampede_room(app/commands CLOCK
  USES app/backup app/config app/site app/terminal app/process app/fronts model model/text
       repositories/sql repositories/sql/sqlite identity captcha pictures/apart services/purchase
       services/accounts services/audit services/operations services/routing views controllers/shop
  LINKS Boost::json fmt::fmt)
stampede_room(app/commands/accounts CLOCK
  USES app/commands app/config app/terminal model model/text repositories/sql identity
  LINKS Boost::json fmt::fmt)
stampede_room(app/commands/catalog CLOCK
  USES app/commands app/terminal model model/text model/catalog services/catalog
       services/operations
  LINKS Boost::json fmt::fmt)
stampede_room(app/commands/webhooks
  USES app/commands app/terminal model services/webhooks LINKS Boost::json fmt::fmt)
stampede_room(app/command_line CLOCK
  USES app/commands app/commands/accounts app/commands/catalog app/commands/webhooks app/config
       app/process app/fronts
       app/roles model model/text repositories queue/rabbitmq identity
  LINKS CLI11::CLI11 fmt::fmt)
stampede_room(app USES pictures/apart model/text app/command_line LINKS fmt::fmt)
