# What compiler and linker do against an attacker who has found a mistake in memory; the test
# `hardening` reads it from the program's file. docs/security.md says what each is for.
add_compile_options(-fstack-protector-strong -fstack-clash-protection)
add_compile_definitions(_GLIBCXX_ASSERTIONS)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  add_compile_options(-fcf-protection=full)
  # Debian's crt1.o says nothing of shadow stacks, so the linker would drop the mark. It is right all
  # the same: that file returns to nobody. It has no landing pad, so the file is not marked for IBT.
  add_link_options(-Wl,-z,shstk)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  add_compile_options(-mbranch-protection=standard)
endif()
add_compile_options($<$<NOT:$<STREQUAL:$<TARGET_PROPERTY:TYPE>,MODULE_LIBRARY>>:-fPIE>)
add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>
                 -Wl,-z,relro,-z,now,-z,noexecstack)
# Needs an optimiser, and stands in the way of the sanitizers' own checks.
if(NOT STAMPEDE_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
